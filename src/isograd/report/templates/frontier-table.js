// The table of forms: sorted by any column; what has no figure comes last.

class FormTable {
  constructor(element, listener) {
    this.body = element.tBodies[0];
    this.rows = [...this.body.rows];
    this.heads = [...element.querySelectorAll(".sort")];
    for (const button of this.heads) {
      button.hidden = false;
      button.addEventListener("click", () => this.sort(button));
    }
    for (const row of this.rows) {
      row.querySelector(".pick").addEventListener("click", () => listener.pick(row.dataset.id));
    }
  }

  // The better end first; a second time, the other way round.
  sort(button) {
    const head = button.closest("th");
    const first = "more" in button.dataset ? "descending" : "ascending";
    const other = first === "ascending" ? "descending" : "ascending";
    const order = head.getAttribute("aria-sort") === first ? other : first;
    for (const one of this.heads) one.closest("th").setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", order);
    const value = (row) => this.value(row, button.dataset.key);
    const sign = order === "ascending" ? 1 : -1;
    this.body.append(...this.rows.sort((a, b) => this.compare(value(a), value(b), sign)));
  }

  value(row, key) {
    const text = row.querySelector(`[data-key="${key}"]`).dataset.value;
    return text === undefined || key === "name" ? text : Number(text);
  }

  compare(a, b, sign) {
    if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
    return sign * (typeof a === "string" ? a.localeCompare(b) : a - b);
  }

  show(ids) {
    for (const row of this.rows) row.hidden = !ids.has(row.dataset.id);
  }

  choose(id) {
    for (const row of this.rows) row.classList.toggle("chosen", row.dataset.id === id);
  }
}
