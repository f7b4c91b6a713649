// The page of forms: what is chosen in the plot or the table is told about and marked everywhere.

function made(name, className, ...inside) {
  const element = document.createElement(name);
  element.className = className;
  element.append(...inside);
  return element;
}

// A command breaks between its words alone, not at a hyphen.
function words(command) {
  return command.split(" ").flatMap((word, i) => [i ? " " : "", made("span", "", word)]);
}

// A page from disk may be refused the clipboard; then the text is selected, and copied the old way.
async function copy(code) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(code);
    return document.execCommand("copy");
  }
}

function copying(button) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const done = await copy(button.parentElement.querySelector("code"));
    button.textContent = done ? say("Copied") : say("Selected");
    setTimeout(() => (button.textContent = say("Copy")), 1600);
  });
}

class FrontierPage {
  constructor(drawing) {
    this.points = drawing.points;
    this.by = new Map(this.points.map((point) => [point.id, point]));
    this.about = document.getElementById("about");
    this.pickers = [document.getElementById("across"), document.getElementById("up")];
    this.boxes = [...document.querySelectorAll(".filters input")];
    this.lines = [...document.querySelectorAll(".over-batches .series")];
    this.thick = document.getElementById("thick");
    this.table = new FormTable(document.querySelector(".forms"), this);
    this.plot = new Plot(document.getElementById("frontier"), drawing, this);
    this.lines.forEach((line) => line.classList.toggle("front", this.by.get(line.dataset.series)?.front));
    this.start(drawing.axes.map(({ key }) => key), drawing.first);
    for (const control of [...this.pickers, ...this.boxes]) control.addEventListener("change", () => this.refresh());
    new ResizeObserver(() => this.redraw()).observe(this.plot.svg.parentElement);
  }

  // At first: time across, accuracy up, and what stands out is chosen.
  start(keys, first) {
    const [across, up] = this.pickers;
    across.value = keys.find((key) => key.startsWith("latency-")) ?? keys.at(-1);
    up.value = keys.find((key) => key !== across.value) ?? keys[0];
    this.refresh();
    this.choose(first);
  }

  refresh() {
    const off = new Set(this.boxes.filter((box) => !box.checked).map((box) => `${box.closest("fieldset").dataset.kind} ${box.value}`));
    const rows = this.table.rows.filter(({ dataset }) => !["framework", "technique", "network"].some((kind) => off.has(`${kind} ${dataset[kind]}`)));
    this.ids = new Set(rows.map((row) => row.dataset.id));
    this.table.show(this.ids);
    this.lines.forEach((line) => line.classList.toggle("hidden", !this.ids.has(line.dataset.series)));
    this.redraw();
    const placed = this.plot.points.length;
    const missing = this.ids.size - placed;
    const shown = say("{placed} of {all} forms", { placed, all: this.points.length });
    const more = missing ? `, ${say("{missing} more without these figures", { missing })}` : "";
    document.getElementById("shown").textContent = shown + more;
  }

  redraw() {
    const shown = this.points.filter(({ id }) => this.ids.has(id));
    this.plot.draw(...this.pickers.map(({ value }) => value), shown);
  }

  // Pointing shows; choosing keeps.
  point(id) {
    this.tell(id ?? this.chosen);
  }

  choose(id) {
    this.chosen = id;
    this.plot.choose(id);
    this.table.choose(id);
    this.lines.forEach((line) => line.classList.toggle("chosen", line.dataset.series === id));
    if (this.thick) this.thick.textContent = this.by.get(id).name;
    this.tell(id);
  }

  pick(id) {
    this.choose(id);
    document.getElementById("plot").scrollIntoView();
    this.plot.marks.get(id)?.focus({ preventScroll: true });
  }

  tell(id) {
    if (id === this.told) return;
    this.told = id;
    const point = this.by.get(id);
    const pairs = point.said.map(([term, text, more]) => made("div", "", made("dt", "", say(term)), made("dd", "", say(text), made("small", "", say(more)))));
    const button = made("button", "copy", say("Copy"));
    button.type = "button";
    copying(button);
    this.about.replaceChildren(
      made("h3", "", point.name),
      made("p", "soft", say(point.about)),
      ...(point.because ? [made("p", "because", say(point.because))] : []),
      made("dl", "", ...pairs),
      ...point.notes.map((note) => made("p", "soft", say(note))),
      made("p", "command", made("code", "", ...words(point.command)), button),
    );
  }
}

document.querySelectorAll(".copy").forEach(copying);
const plan = JSON.parse(document.getElementById("drawing").textContent);
if (plan.points.length) window.frontierPage = new FrontierPage(plan);
