// The page of graphs: two panes with a view each, what is selected in one shown in both, search,
// overlays, and what is said about it all beside them.

const STEPS = 8; // Colours of an overlay, from nothing to the most.
const MOST_HITS = 200;

const UNITS = {
  us: (x) => (x >= 1e6 ? [x / 1e6, "s"] : x >= 1e3 ? [x / 1e3, "ms"] : [x, "µs"]),
  bytes: (x) => (x >= 2 ** 20 ? [x / 2 ** 20, "MiB"] : x >= 1024 ? [x / 1024, "KiB"] : [x, "B"]),
  envelopes: (x) => [x, "× envelope"],
};

function quantity(value, unit) {
  const [number, name] = (UNITS[unit] || ((x) => [x, unit]))(value);
  return `${Number(number.toPrecision(3)).toLocaleString("en")} ${name}`;
}

function element(name, properties = {}, ...inside) {
  const made = document.createElement(name);
  Object.assign(made, properties);
  made.append(...inside.filter((one) => one !== null && one !== undefined && one !== ""));
  return made;
}

function flowing(value) {
  return value.shape === null ? value.dtype : `${value.dtype}[${value.shape.map((n) => n ?? "?").join(", ")}]`;
}

class Explorer {
  constructor(graphs, drawing) {
    this.graphs = graphs;
    this.drawing = drawing;
    this.layers = new Map(graphs.layers.map((layer) => [layer.name, layer]));
    this.overlay = "";
    this.chosen = null;
    this.next = -1;
    this.about = document.getElementById("about");
    this.panes = [...document.querySelectorAll(".pane")].map((pane) => new Pane(pane, this));
    this.panes.forEach((pane) => this.prepare(pane));
    this.search = document.getElementById("search");
    this.listen();
    this.panes.forEach((pane) => this.open(pane, pane.element.querySelector(".view").value));
    this.tellNothing();
  }

  other(pane) {
    return this.panes.find((one) => one !== pane) || null;
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

  // Shows a view in a pane.
  open(pane, id, by = "module") {
    const view = this.graphs.views.find((one) => `${one.framework}/${one.stage}` === id);
    const plans = this.drawing.views[id];
    pane.picker.value = id;
    pane.by.value = by;
    pane.by.hidden = !plans.kernel;
    pane.kernels = new Map();
    pane.phases = new Map();
    pane.named = new Map(view.operations.map((operation, i) => [operation.name, i]));
    pane.readers = view.operations.map(() => []);
    view.operations.forEach((operation, i) => {
      new Set(operation.reads.map(([name]) => name)).forEach((name) => pane.readers[pane.named.get(name)].push(i));
    });
    pane.members = plans[by].groups.map(() => []);
    pane.show(view, plans[by], this.drawing.room);
    view.operations.forEach((_, i) => pane.placement.chain(i).slice(1).forEach((item) => pane.members[item - pane.total].push(i)));
    this.introduce(pane);
    this.heat();
    this.find();
    this.relate();
    this.compareLayers();
  }

  // What is said above a view: what it is, and whether something is missing.
  introduce(pane) {
    const { view } = pane;
    const note = pane.element.querySelector(".note");
    const empty = !view.operations.length;
    const count = empty ? "" : `${view.operations.length.toLocaleString("en")} operations. `;
    pane.element.querySelector(".intro").textContent = count + view.about;
    pane.element.classList.toggle("empty", empty);
    note.hidden = view.status === "ok" && !empty;
    const says = { ok: "Nothing was recorded here.", partial: "This view ends early.", skipped: "This view could not be had." };
    note.replaceChildren(element("strong", {}, says[view.status]), " ", view.reason);
    const failing = view.operations.findIndex((operation) => operation.mark);
    if (failing >= 0) {
      const show = element("button", { type: "button" }, "Show where");
      show.addEventListener("click", () => this.goto(pane, failing));
      note.append(" ", show);
      note.hidden = view.status === "ok";
    }
    pane.canvas.setAttribute("aria-label", `${view.title}, ${view.operations.length} operations`);
  }

  // The phase of an item; of a group, that of its first operation which is no input.
  phaseOf(pane, item) {
    if (item < pane.total) {
      return pane.view.operations[item].phase;
    }
    if (!pane.phases.has(item)) {
      const phases = pane.members[item - pane.total].map((i) => pane.view.operations[i].phase);
      pane.phases.set(item, phases.find((phase) => phase !== "input") || "input");
    }
    return pane.phases.get(item);
  }

  kernel(pane, group) {
    if (!pane.kernels.has(group)) {
      pane.kernels.set(group, pane.kernels.size % 6);
    }
    return pane.kernels.get(group);
  }

  operationsOf(pane, item) {
    return item < pane.total ? [item] : pane.members[item - pane.total];
  }

  nodesOf(pane, item) {
    const nodes = this.operationsOf(pane, item).map((i) => pane.view.operations[i].node);
    return new Set(nodes.filter((node) => node !== null));
  }

  // What a screen reader says.
  spoken(pane, item) {
    const operation = pane.view.operations[item];
    if (operation) {
      return [operation.kind, operation.name, operation.phase, operation.scope].filter(Boolean).join(", ");
    }
    const [title, detail] = pane.plan.labels[item];
    return `${title}, ${detail}, ${this.phaseOf(pane, item)}`;
  }

  // What flows along a line.
  flows(pane, line) {
    const source = pane.view.operations[line.source];
    const read = new Set();
    line.readers.forEach((reader) => pane.view.operations[reader].reads.forEach(([name, number]) => name === source.name && read.add(number)));
    const first = [...read].map((number) => source.values[number]).find(Boolean);
    return first ? flowing(first) + (read.size > 1 ? ` +${read.size - 1}` : "") : "";
  }

  // Overlays.

  overlayOf(pane) {
    return this.graphs.overlays.find((one) => one.framework === pane.view.framework && one.quantity === this.overlay);
  }

  value(pane, item) {
    const overlay = this.overlayOf(pane);
    if (!overlay) {
      return null;
    }
    const found = [...this.nodesOf(pane, item)].map((node) => overlay.values[node]).filter((x) => x !== undefined && x !== null);
    if (!found.length) {
      return null;
    }
    return overlay.unit === "envelopes" ? Math.max(...found) : found.reduce((sum, x) => sum + x, 0);
  }

  measured(pane, item) {
    const overlay = this.overlayOf(pane);
    const value = overlay && ["forward", "other"].includes(this.phaseOf(pane, item)) ? this.value(pane, item) : null;
    return value === null || value === undefined ? null : quantity(value, overlay.unit);
  }

  heat() {
    const overlays = this.graphs.overlays.filter((one) => one.quantity === this.overlay);
    const most = Math.max(0, ...overlays.flatMap((one) => Object.values(one.values)));
    for (const pane of this.panes.filter((one) => one.view)) {
      const shades = new Map();
      pane.heat = (item) => {
        if (!this.overlayOf(pane)) {
          return null;
        }
        if (!shades.has(item)) {
          const share = most > 0 ? (this.value(pane, item) ?? 0) / most : 0;
          shades.set(item, Math.min(STEPS, Math.ceil(Math.sqrt(share) * STEPS)));
        }
        return shades.get(item);
      };
      pane.draw();
    }
    this.explainHeat(overlays, most);
  }

  explainHeat(overlays, most) {
    const legend = document.getElementById("scale");
    legend.hidden = !overlays.length;
    document.getElementById("phases").hidden = overlays.length > 0;
    if (!overlays.length) {
      return;
    }
    const { unit } = overlays[0];
    const shades = Array.from({ length: STEPS + 1 }, (_, i) => element("i", { className: `shade heat-${i}` }));
    const totals = overlays.filter((one) => one.total !== null).map((one) => `${this.drawing.titles[one.framework] || one.framework}: ${quantity(one.total, unit)} in all`);
    legend.replaceChildren("0 ", ...shades, ` ${quantity(most, unit)} a layer`, totals.length ? `; ${totals.join(", ")}` : "");
    legend.title = overlays.map((one) => one.about).join(" ");
  }

  // Selecting.

  selected(pane, item) {
    this.chosen = item === null ? null : { pane, item };
    const other = this.other(pane);
    if (other?.view) {
      other.selected = null;
    }
    this.relate();
    item === null ? this.tellNothing() : this.tell(pane, item);
    if (item !== null && other?.view) {
      this.follow(pane, item, other);
    }
  }

  changed() {
    this.relate();
    this.find(false);
  }

  // Marks in both panes what belongs to the selected: same node, same kernel, what it reads.
  relate() {
    for (const pane of this.panes.filter((one) => one.view)) {
      pane.related = new Map();
      if (this.chosen && this.chosen.pane.view) {
        this.relateIn(pane);
      }
      pane.draw();
    }
  }

  relateIn(pane) {
    const { pane: from, item } = this.chosen;
    const nodes = this.nodesOf(from, item);

    const operation = from.view.operations[item];
    pane.view.operations.forEach((one, i) => {
      if (one.node !== null && nodes.has(one.node)) {
        pane.related.set(pane.placement.visible(i), "kin");
      } else if (pane === from && operation?.group && one.group === operation.group) {
        pane.related.set(pane.placement.visible(i), "mate");
      }
    });
    if (pane === from) {
      pane.related.delete(item);
    }
  }

  // Brings what is of the same node into sight in the other pane.
  follow(pane, item, other) {
    const nodes = this.nodesOf(pane, item);
    const phase = this.phaseOf(pane, item);
    const kin = other.view.operations.map((one, i) => [one, i]).filter(([one]) => nodes.has(one.node));
    const best = kin.find(([one]) => one.phase === phase) || kin.find(([one]) => one.phase !== "input") || kin[0];
    if (best) {
      other.lookAt(other.placement.visible(best[1]));
    }
  }

  // Unfolds and selects an operation, and brings it into sight.
  goto(pane, operation) {
    pane.reveal(operation);
    pane.select(operation);
    pane.lookAt(operation);
  }

  // What is said about the selected.

  tellNothing() {
    this.about.replaceChildren(element("p", { className: "soft" }, "Select an operation or a module to see what it is, and the same part of the network on the other side."));
  }

  tell(pane, item) {
    item < pane.total ? this.tellOperation(pane, item) : this.tellGroup(pane, item);
  }

  tellOperation(pane, item) {
    const one = pane.view.operations[item];
    const layer = this.layers.get(one.node);
    const rows = [
      ["phase", one.phase],
      ["what is wrong", one.mark],
      ["makes", one.values.map(flowing).join(", ")],
      ["module", one.scope],
      ["line", one.source],
      ["node", one.node && (layer ? `${one.node}: ${layer.op}` : one.node)],
      ["kernel", one.group],
      ["measured", this.measuredAll(pane, item)],
      ["computes", layer ? this.cost([layer]) : ""],
      ...Object.entries(one.attributes),
    ];
    this.say(one.kind, one.name, rows, [
      ["Reads", pane, [...new Set(one.reads.map(([name]) => name))].map((name) => pane.named.get(name))],
      ["Waits for", pane, one.after.map((name) => pane.named.get(name))],
      ["Is read by", pane, pane.readers[item]],
      ["Same kernel", pane, one.group ? this.like(pane, (other) => other.group === one.group, item) : []],
      ...this.kin(pane, item),
    ]);
  }

  tellGroup(pane, item) {
    const group = pane.plan.groups[item - pane.total];
    const operations = this.operationsOf(pane, item).map((i) => pane.view.operations[i]);
    const kinds = new Map();
    operations.forEach((one) => kinds.set(one.kind, (kinds.get(one.kind) || 0) + 1));
    const most = [...kinds].sort((a, b) => b[1] - a[1]).slice(0, 8).map(([kind, n]) => `${n} ${kind}`);
    const layers = [...this.nodesOf(pane, item)].map((node) => this.layers.get(node)).filter(Boolean);
    const parameters = layers.reduce((sum, layer) => sum + layer.parameters, 0);
    const lines = [...new Set(operations.map((one) => one.source).filter(Boolean))];
    const rows = [
      ["kind", group.kind],
      ["operations", operations.length.toLocaleString("en")],
      ["module", group.scope],
      ["layers", layers.slice(0, 8).map((layer) => layer.op).join(", ") + (layers.length > 8 ? " …" : "")],
      ["parameters", parameters ? parameters.toLocaleString("en") : ""],
      ["lines", lines.slice(0, 4).join(", ") + (lines.length > 4 ? " …" : "")],
      ["measured", this.measuredAll(pane, item)],
      ["computes", this.cost(layers)],
      ["mostly", most.join(", ")],
    ];
    this.say(pane.plan.labels[item][0], "", rows, this.kin(pane, item));
  }

  measuredAll(pane, item) {
    const kept = this.overlay;
    const found = this.graphs.overlays.filter((one) => one.framework === pane.view.framework).map((one) => {
      this.overlay = one.quantity;
      const value = this.value(pane, item);
      return value === null ? "" : `${one.quantity} ${quantity(value, one.unit)}`;
    });
    this.overlay = kept;
    return found.filter(Boolean).join(", ");
  }

  // Estimated work of one forward pass through some layers.
  cost(layers) {
    const sum = (name) => layers.reduce((all, layer) => all + (layer[name] ?? 0), 0);
    const [flops, bytes] = [sum("flops"), sum("bytes")];
    const words = [flops ? `${flops.toLocaleString("en")} FLOPs` : "", bytes ? `${quantity(bytes, "bytes")} read and written` : ""];
    return words.filter(Boolean).join(", ") + (flops || bytes ? " (forward, estimated)" : "");
  }

  like(pane, wanted, except = -1) {
    return [...pane.view.operations.keys()].filter((i) => i !== except && wanted(pane.view.operations[i]));
  }

  // The operations of the same nodes, here and in the other pane.
  kin(pane, item) {
    const nodes = this.nodesOf(pane, item);
    const here = item < pane.total ? this.like(pane, (one) => nodes.has(one.node), item) : [];
    const other = this.other(pane);
    const found = [["Same node here", pane, here]];
    if (other?.view) {
      const title = this.drawing.titles[other.view.framework] || other.view.framework;
      found.push([`Same ${item < pane.total ? "node" : "nodes"} in ${title}, ${other.view.title}`, other, this.like(other, (one) => nodes.has(one.node))]);
    }
    return found;
  }

  say(title, name, rows, lists) {
    const list = element("dl", {}, ...rows.filter(([, text]) => text).map(([term, text]) => element("div", {}, element("dt", {}, term), element("dd", {}, text))));
    const links = lists.filter(([, , items]) => items.length).map(([heading, pane, items]) => this.linked(heading, pane, items));
    this.about.replaceChildren(element("h3", {}, title), name ? element("p", { className: "name" }, name) : "", list, ...links);
  }

  linked(heading, pane, items) {
    const shown = items.slice(0, 12).map((i) => {
      const one = pane.view.operations[i];
      const button = element("button", { type: "button" }, element("i", { className: `dot ${one.phase}` }), one.kind, element("small", {}, one.name));
      button.addEventListener("click", () => this.goto(pane, i));
      return element("li", {}, button);
    });
    const more = items.length > shown.length ? element("li", { className: "soft" }, `and ${items.length - shown.length} more`) : "";
    return element("section", {}, element("h4", {}, `${heading} (${items.length})`), element("ul", {}, ...shown, more));
  }

  // Searching.

  find(tell = true) {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    this.found = [];
    for (const pane of this.panes.filter((one) => one.view)) {
      pane.hits = new Set();
      if (words.length) {
        this.findIn(pane, words);
      }
      pane.draw();
    }
    if (tell) {
      this.tellHits(words.length > 0);
    }
  }

  findIn(pane, words) {
    pane.view.operations.forEach((one, i) => {
      const text = [one.kind, one.name, one.scope, one.source, one.node, one.group, one.phase].join(" ").toLowerCase();
      if (words.every((word) => text.includes(word))) {
        pane.hits.add(pane.placement.visible(i));
        this.found.push([pane, i]);
      }
    });
  }

  tellHits(searching) {
    const list = document.getElementById("hits");
    list.hidden = !searching;
    document.getElementById("hit-count").textContent = searching ? `${this.found.length.toLocaleString("en")} found` : "";
    const shown = this.found.slice(0, MOST_HITS).map(([pane, i]) => {
      const one = pane.view.operations[i];
      const side = this.drawing.titles[pane.view.framework] || pane.view.framework;
      const button = element("button", { type: "button" }, element("i", { className: `dot ${one.phase}` }), one.kind, element("small", {}, `${side} · ${one.scope || one.name}`));
      button.addEventListener("click", () => this.goto(pane, i));
      return element("li", {}, button);
    });
    list.replaceChildren(...shown);
  }

  // Layer by layer: what each side makes of it.

  compareLayers() {
    const table = document.getElementById("layer-rows");
    const [left, right] = this.panes;
    if (!table || !this.panes.every((pane) => pane.view)) {
      return;
    }
    const counted = this.panes.map((pane) => this.countByNode(pane.view));
    table.replaceChildren(...this.graphs.layers.map((layer) => this.layerRow(layer, counted)));
    document.querySelectorAll(".side-name").forEach((cell) => {
      const pane = [left, right][cell.dataset.side];
      cell.textContent = `${this.drawing.titles[pane.view.framework] || pane.view.framework}: ${pane.view.title}`;
    });
  }

  countByNode(view) {
    const found = new Map();
    for (const one of view.operations) {
      if (one.node !== null && one.phase !== "input") {
        const here = found.get(one.node) || new Map();
        const name = `${one.phase === "forward" ? "" : `${one.phase} `}${one.kind}`;
        here.set(name, (here.get(name) || 0) + 1);
        found.set(one.node, here);
      }
    }
    return found;
  }

  layerRow(layer, counted) {
    const cells = counted.map((side) => [...(side.get(layer.name) || new Map())]);
    const count = (cell) => cell.reduce((sum, [, n]) => sum + n, 0);
    const words = (cell) => cell.map(([kind, n]) => (n > 1 ? `${n} × ${kind}` : kind)).join(", ");
    const missing = cells.some((cell) => !cell.length) && cells.some((cell) => cell.length);
    const jump = element("button", { type: "button" }, layer.scope || layer.name);
    jump.addEventListener("click", () => this.showLayer(layer.name));
    const name = element("th", { scope: "row" }, jump, element("small", {}, `${layer.op} ${layer.source || ""}`));
    const numbers = cells.flatMap((cell) => [
      element("td", {}, cell.length ? String(count(cell)) : "–"),
      element("td", { className: "words" }, words(cell) || "nothing"),
    ]);
    const differs = count(cells[0]) !== count(cells[1]);
    return element("tr", { className: missing ? "missing" : differs ? "differs" : "" }, name, element("td", {}, missing ? "✗" : differs ? "≠" : "="), ...numbers);
  }

  showLayer(name) {
    for (const pane of this.panes) {
      const found = this.like(pane, (one) => one.node === name);
      if (found.length) {
        const forward = found.find((i) => pane.view.operations[i].phase === "forward");
        this.goto(pane, forward ?? found[0]);
        pane.element.scrollIntoView({ block: "nearest" });
        return;
      }
    }
  }

  listen() {
    this.search.addEventListener("input", () => {
      this.next = -1;
      this.find();
    });
    this.search.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        this.search.value = "";
        this.find();
        this.panes[0].canvas.focus({ preventScroll: true });
      } else if (event.key === "Enter" && this.found.length) {
        this.next = (this.next + 1) % this.found.length;
        this.goto(...this.found[this.next]);
      }
    });
    document.getElementById("overlay").addEventListener("change", (event) => {
      this.overlay = event.target.value;
      this.heat();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
        event.preventDefault();
        this.search.focus();
        this.search.select();
      }
    });
    document.querySelectorAll("button[data-view]").forEach((button) => {
      button.addEventListener("click", () => this.openSide(button.dataset.view));
    });
    document.querySelectorAll("button[data-operation]").forEach((button) => {
      button.addEventListener("click", () => {
        const pane = this.openSide(button.dataset.view);
        const operation = pane.named.get(button.dataset.operation);
        operation !== undefined && this.goto(pane, operation);
      });
    });
  }

  // Opens a view on the side of its framework.
  openSide(id) {
    const framework = this.graphs.views.find((one) => `${one.framework}/${one.stage}` === id).framework;
    const pane = this.panes.find((one) => one.view.framework === framework) || this.panes[0];
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
