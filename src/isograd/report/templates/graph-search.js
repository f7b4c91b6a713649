// Searching in both panes, by name, kind, module, node, kernel, phase and line; and the table of what
// each side makes of each layer.

const MOST_HITS = 200; // So many are listed; all are marked.

class Search {
  constructor(explorer) {
    this.explorer = explorer;
    this.field = document.getElementById("search");
    this.list = document.getElementById("hits");
    this.count = document.getElementById("hit-count");
    this.found = [];
    this.at = -1;
    this.field.addEventListener("input", () => this.run());
    this.field.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("keydown", (event) => {
      if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
        event.preventDefault();
        this.field.focus();
        this.field.select();
      }
    });
  }

  key(event) {
    if (event.key === "Escape") {
      this.field.value = "";
      this.run();
      this.explorer.panes[0].canvas.focus({ preventScroll: true });
    } else if (event.key === "Enter" && this.found.length) {
      this.at = (this.at + 1) % this.found.length;
      this.explorer.goto(...this.found[this.at]);
    }
  }

  run() {
    const words = this.field.value.toLowerCase().split(/\s+/).filter(Boolean);
    this.at = -1;
    this.found = words.length ? this.explorer.panes.filter((pane) => pane.view).flatMap((pane) => this.within(pane, words)) : [];
    this.mark();
    this.list.hidden = !words.length;
    this.count.textContent = words.length ? say("{count} found", { count: this.found.length.toLocaleString("en") }) : "";
    this.list.replaceChildren(...this.found.slice(0, MOST_HITS).map(([pane, i]) => {
      const { scope, name } = pane.shown.operations[i];
      return this.explorer.link(pane, i, `${this.explorer.side(pane.view.framework)} · ${scope || name}`);
    }));
  }

  within(pane, words) {
    const says = ({ kind, name, scope, source, node, group, phase }) => [kind, name, scope, source, node, group, phase, say(phase)].join(" ").toLowerCase();
    return pane.shown.like((one) => words.every((word) => says(one).includes(word))).map((i) => [pane, i]);
  }

  // Marks what was found, or the folded groups that hide it.
  mark() {
    for (const pane of this.explorer.panes.filter((one) => one.view)) {
      const found = this.found.filter(([where]) => where === pane);
      pane.hits = new Set(found.map(([, i]) => pane.placement.visible(i)));
      pane.draw();
    }
  }
}

class LayerTable {
  constructor(explorer) {
    this.explorer = explorer;
    this.rows = document.getElementById("layer-rows");
  }

  fill() {
    const { panes, graphs } = this.explorer;
    if (!this.rows || !panes.every((pane) => pane.view)) {
      return;
    }
    const counted = panes.map((pane) => this.counted(pane.view));
    this.rows.replaceChildren(...graphs.layers.map((layer) => this.row(layer, counted)));
    document.querySelectorAll(".side-name").forEach((cell) => {
      const { view } = panes[cell.dataset.side];
      cell.textContent = `${this.explorer.side(view.framework)}: ${say(view.title)}`;
    });
  }

  // How many operations of which kinds each node has.
  counted(view) {
    const found = new Map();
    for (const one of view.operations.filter(({ node, phase }) => node !== null && phase !== "input")) {
      const kinds = found.get(one.node) ?? new Map();
      const name = one.phase === "forward" ? one.kind : `${say(one.phase)} ${one.kind}`;
      kinds.set(name, (kinds.get(name) ?? 0) + 1);
      found.set(one.node, kinds);
    }
    return found;
  }

  row(layer, counted) {
    const cells = counted.map((side) => [...(side.get(layer.name) ?? [])]);
    const [left, right] = cells.map((cell) => cell.reduce((sum, [, count]) => sum + count, 0));
    const [sign, state] = left === right ? ["=", ""] : left && right ? ["≠", "differs"] : ["✗", "missing"];
    const words = (cell) => cell.map(([kind, count]) => (count > 1 ? `${count} × ${kind}` : kind)).join(", ");
    const jump = element("button", { type: "button" }, layer.scope || layer.name);
    jump.addEventListener("click", () => this.show(layer.name));
    const name = element("th", { scope: "row" }, jump, element("small", {}, `${layer.op} ${layer.source ?? ""}`));
    const numbers = cells.flatMap((cell, side) => [
      element("td", {}, cell.length ? String([left, right][side]) : "–"),
      element("td", { className: "words" }, words(cell) || say("nothing")),
    ]);
    return element("tr", { className: state }, name, element("td", {}, sign), ...numbers);
  }

  show(node) {
    for (const pane of this.explorer.panes) {
      const found = pane.shown.like((one) => one.node === node);
      if (found.length) {
        const forward = found.find((i) => pane.shown.operations[i].phase === "forward");
        this.explorer.goto(pane, forward ?? found[0]);
        document.getElementById("stage").scrollIntoView({ block: "start" });
        return;
      }
    }
  }
}
