// The table of cells: filtered by chips, sorted by any column; what has no figure comes last.
class CellTable {
  constructor(element) {
    this.body = element.tBodies[0];
    this.rows = [...this.body.rows];
    this.heads = [...element.querySelectorAll(".sort")];
    this.boxes = [...document.querySelectorAll(".filters input")];
    this.shown = document.getElementById("shown");
    for (const button of this.heads) {
      button.hidden = false;
      button.addEventListener("click", () => this.sort(button));
    }
    for (const box of this.boxes) box.addEventListener("change", () => this.refresh());
    this.refresh();
  }

  refresh() {
    const off = this.boxes.filter((box) => !box.checked).map((box) => [box.closest("fieldset").dataset.kind, box.value]);
    for (const row of this.rows) row.hidden = off.some(([kind, value]) => row.dataset[kind] === value);
    const left = this.rows.filter((row) => !row.hidden).length;
    this.shown.textContent = say("{shown} of {all} cells", { shown: left, all: this.rows.length });
  }

  // The least first; a second time, the other way round.
  sort(button) {
    const head = button.closest("th");
    const order = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
    for (const one of this.heads) one.closest("th").setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", order);
    const index = [...head.parentElement.children].indexOf(head);
    const value = (row) => row.children[index].dataset.value;
    const sign = order === "ascending" ? 1 : -1;
    this.body.append(...this.rows.sort((a, b) => this.compare(value(a), value(b), sign)));
  }

  compare(a, b, sign) {
    if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
    const [x, y] = [Number(a), Number(b)];
    return sign * (Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x - y);
  }
}

const cells = document.querySelector(".cells");
if (cells) new CellTable(cells);
