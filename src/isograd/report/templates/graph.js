// The page of graphs: two panes with a view each; what is selected in one is marked in both.

class Explorer {
  constructor(graphs, drawing) {
    this.graphs = graphs;
    this.drawing = drawing;
    this.chosen = null;
    this.panes = [...document.querySelectorAll(".pane")].map((pane) => new Pane(pane, this));
    this.heat = new Heat(this);
    this.about = new About(this);
    this.search = new Search(this);
    this.table = new LayerTable(this);
    this.panes.forEach((pane) => this.prepare(pane));
    this.panes.forEach((pane) => this.open(pane, pane.picker.value));
    this.listen();
  }

  other(pane) {
    return this.panes.find((one) => one !== pane) ?? null;
  }

  // What a framework is called.
  side(framework) {
    return this.drawing.titles[framework] ?? framework;
  }

  prepare(pane) {
    const on = (selector, act) => pane.element.querySelector(selector).addEventListener("click", act);
    pane.picker = pane.element.querySelector(".view");
    pane.by = pane.element.querySelector(".by");
    pane.picker.addEventListener("change", () => this.open(pane, pane.picker.value));
    pane.by.addEventListener("change", () => this.open(pane, pane.picker.value, pane.by.value));
    on(".unfold-all", () => pane.foldAll(false));
    on(".fold-all", () => pane.foldAll(true));
    on(".fit", () => pane.fit());
    on(".closer", () => pane.zoom(1.3));
    on(".further", () => pane.zoom(1 / 1.3));
  }

  viewOf(id) {
    return this.graphs.views.find((one) => `${one.framework}/${one.stage}` === id);
  }

  // Shows a view in a pane.
  open(pane, id, by = "module") {
    const plans = this.drawing.views[id];
    pane.picker.value = id;
    pane.by.value = by;
    pane.by.hidden = !plans.kernel;
    pane.show(new Shown(this.viewOf(id), plans[by]), this.drawing.room);
    this.introduce(pane);
    this.chosen = null;
    this.heat.choose(this.heat.quantity);
    this.search.run();
    this.relate();
    this.about.views();
    this.table.fill();
  }

  // What is said above a view: what it is, and whether something is missing.
  introduce(pane) {
    const { view } = pane;
    const note = pane.element.querySelector(".note");
    const count = view.operations.length;
    const counted = { count: count.toLocaleString("en") };
    pane.element.querySelector(".intro").textContent = (count ? `${say("{count} operations.", counted)} ` : "") + say(view.about);
    pane.element.classList.toggle("empty", !count);
    pane.canvas.setAttribute("aria-label", `${say(view.title)}, ${say("{count} operations", counted)}`);
    note.hidden = view.status === "ok" && count > 0;
    const says = { ok: say("Nothing was recorded here."), partial: say("This view ends early."), skipped: say("This view could not be had.") };
    note.replaceChildren(element("strong", {}, says[view.status]), " ", say(view.reason));
    const failing = view.operations.findIndex((operation) => operation.mark);
    if (failing >= 0) {
      const show = element("button", { type: "button" }, say("Show where"));
      show.addEventListener("click", () => this.goto(pane, failing));
      note.append(" ", show);
    }
  }

  measured(pane, item) {
    return this.heat.text(pane, item);
  }

  shade(pane, item) {
    return this.heat.shade(pane, item);
  }

  selected(pane, item) {
    this.chosen = item === null ? null : { pane, item };
    const other = this.other(pane);
    if (other?.view) {
      other.selected = null;
    }
    this.relate();
    item === null ? this.about.views() : this.about.tell(pane, item);
    if (item !== null && other?.view) {
      this.follow(pane, item, other);
    }
  }

  // Something was folded or unfolded.
  changed() {
    this.relate();
    this.search.mark();
  }

  // Marks in both panes what is of the same nodes as the selected, and here its kernel.
  relate() {
    for (const pane of this.panes.filter((one) => one.view)) {
      pane.related = this.chosen ? this.relatedIn(pane) : new Map();
      pane.draw();
    }
  }

  relatedIn(pane) {
    const { pane: from, item } = this.chosen;
    const nodes = from.shown.nodesOf(item);
    const kernel = pane === from ? from.shown.operations[item]?.group : null;
    const found = new Map();
    pane.shown.operations.forEach(({ node, group }, i) => {
      if (node !== null && nodes.has(node)) {
        found.set(pane.placement.visible(i), "kin");
      } else if (kernel && group === kernel) {
        found.set(pane.placement.visible(i), "mate");
      }
    });
    if (pane === from) {
      found.delete(item);
    }
    return found;
  }

  // Brings what is of the same nodes into sight in the other pane.
  follow(pane, item, other) {
    const nodes = pane.shown.nodesOf(item);
    const phase = pane.shown.phaseOf(item);
    const kin = other.shown.like((one) => nodes.has(one.node));
    const phaseOf = (i) => other.shown.operations[i].phase;
    const best = kin.find((i) => phaseOf(i) === phase) ?? kin.find((i) => phaseOf(i) !== "input") ?? kin[0];
    if (best !== undefined) {
      other.lookAt(other.placement.visible(best));
    }
  }

  // Unfolds and selects an operation, and brings it into sight.
  goto(pane, operation) {
    pane.reveal(operation);
    pane.select(operation);
    pane.lookAt(operation);
  }

  // An entry of a list that leads to an operation.
  link(pane, operation, detail) {
    const { kind, phase } = pane.shown.operations[operation];
    const button = element("button", { type: "button" }, element("i", { className: `dot ${phase}` }), kind, element("small", {}, detail));
    button.addEventListener("click", () => this.goto(pane, operation));
    return element("li", {}, button);
  }

  listen() {
    document.querySelectorAll("button[data-view]").forEach((button) => {
      button.addEventListener("click", () => {
        const pane = this.openSide(button.dataset.view);
        const operation = pane.shown.named.get(button.dataset.operation);
        operation !== undefined && this.goto(pane, operation);
      });
    });
  }

  // Opens a view on the side of its framework.
  openSide(id) {
    const { framework } = this.viewOf(id);
    const pane = this.panes.find((one) => one.view.framework === framework) ?? this.panes[0];
    this.open(pane, id);
    document.getElementById("stage").scrollIntoView({ block: "start" });
    return pane;
  }
}

new Explorer(
  JSON.parse((document.getElementById("graphs") ?? document.getElementById("raw")).textContent),
  JSON.parse(document.getElementById("drawing").textContent),
);
document.documentElement.dataset.ready = String(Math.round(performance.now()));
