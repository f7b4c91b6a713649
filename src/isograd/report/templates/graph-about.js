// What is said beside the panes: about what is selected, or about the views that are shown.

const LISTED = 12; // Operations of one list; of the others, the number is told.

class About {
  constructor(explorer) {
    this.explorer = explorer;
    this.place = document.getElementById("about");
    this.layers = new Map(explorer.graphs.layers.map((layer) => [layer.name, layer]));
  }

  tell(pane, item) {
    item < pane.total ? this.operation(pane, item) : this.group(pane, item);
  }

  // Nothing is selected: what the frameworks did in the views that are shown.
  views() {
    const hint = element("p", { className: "soft" }, say("Select an operation or a module to see what it is, and the same part of the network on the other side."));
    this.place.replaceChildren(hint, ...this.explorer.panes.filter((pane) => pane.view).map((pane) => this.view(pane)));
  }

  view(pane) {
    const { view } = pane;
    const id = `${view.framework}/${view.stage}`;
    const figures = Object.entries(view.figures).map(([name, value]) => [say(name.replaceAll("_", " ")), value.toLocaleString("en", { maximumFractionDigits: 2 })]);
    const events = view.events.map((event) => [say(this.explorer.drawing.kinds[event.kind] ?? event.kind) + (event.count > 1 ? ` ×${event.count}` : ""), [event.source, say(event.text)].filter(Boolean).join(": ")]);
    const changes = this.explorer.graphs.changes.filter((change) => change.after === id).map((change) => [`${say(change.kind)} ${change.count.toLocaleString("en")}`, say(change.text)]);
    return element("section", {}, element("h4", {}, `${this.explorer.side(view.framework)}: ${say(view.title)}`), this.list([...figures, ...events, ...changes]));
  }

  operation(pane, item) {
    const { shown } = pane;
    const one = shown.operations[item];
    const layer = this.layers.get(one.node);
    const rows = [
      [say("phase"), say(one.phase)],
      [say("what is wrong"), say(one.mark)],
      [say("makes"), one.values.map(flowing).join(", ")],
      [say("module"), one.scope],
      [say("line"), one.source],
      [say("node"), one.node && (layer ? `${one.node}: ${layer.op}` : one.node)],
      [say("kernel"), one.group],
      [say("its layer"), this.explorer.heat.all(pane, item)],
      [say("computes"), layer ? this.cost([layer]) : ""],
      ...Object.entries(one.attributes),
    ];
    this.show(one.kind, one.name, rows, [
      [say("Reads"), pane, [...new Set(one.reads.map(([name]) => shown.named.get(name)))]],
      [say("Waits for"), pane, one.after.map((name) => shown.named.get(name))],
      [say("Is read by"), pane, shown.readers[item]],
      [say("Same kernel"), pane, one.group ? shown.like((other) => other.group === one.group, item) : []],
      ...this.kin(pane, item),
    ]);
  }

  group(pane, item) {
    const { shown } = pane;
    const group = shown.plan.groups[item - shown.total];
    const operations = shown.operationsOf(item).map((i) => shown.operations[i]);
    const layers = [...shown.nodesOf(item)].map((node) => this.layers.get(node)).filter(Boolean);
    const parameters = layers.reduce((sum, layer) => sum + layer.parameters, 0);
    const rows = [
      [say("kind"), say(group.kind)],
      [say("operations"), operations.length.toLocaleString("en")],
      [say("module"), group.scope],
      [say("layers"), this.some(layers.map((layer) => layer.op), 8)],
      [say("parameters"), parameters ? parameters.toLocaleString("en") : ""],
      [say("lines"), this.some([...new Set(operations.map((one) => one.source).filter(Boolean))], 4)],
      [say("its layers"), this.explorer.heat.all(pane, item)],
      [say("computes"), this.cost(layers)],
      [say("mostly"), this.mostly(operations)],
    ];
    this.show(shown.plan.labels[item][0], "", rows, this.kin(pane, item));
  }

  mostly(operations) {
    const kinds = new Map();
    operations.forEach((one) => kinds.set(one.kind, (kinds.get(one.kind) ?? 0) + 1));
    const sorted = [...kinds].sort((a, b) => b[1] - a[1]);
    return this.some(sorted.map(([kind, count]) => `${count} ${kind}`), 8);
  }

  some(words, most) {
    return words.slice(0, most).join(", ") + (words.length > most ? " …" : "");
  }

  // Estimated work of one forward pass through some layers.
  cost(layers) {
    const sum = (name) => layers.reduce((all, layer) => all + (layer[name] ?? 0), 0);
    const [flops, bytes] = [sum("flops"), sum("bytes")];
    const words = [flops ? `${flops.toLocaleString("en")} FLOPs` : "", bytes ? say("{size} read and written", { size: quantity(bytes, "bytes") }) : ""];
    const work = words.filter(Boolean).join(", ");
    return work && say("{work} (forward, estimated)", { work });
  }

  // The operations of the same nodes, here and in the other pane.
  kin(pane, item) {
    const nodes = pane.shown.nodesOf(item);
    const here = item < pane.total ? pane.shown.like((one) => nodes.has(one.node), item) : [];
    const other = this.explorer.other(pane);
    const found = [[say("Same node here"), pane, here]];
    if (other?.view) {
      const where = `${this.explorer.side(other.view.framework)}, ${say(other.view.title)}`;
      const title = item < pane.total ? say("Same node in {where}", { where }) : say("Same nodes in {where}", { where });
      found.push([title, other, other.shown.like((one) => nodes.has(one.node))]);
    }
    return found;
  }

  show(title, name, rows, lists) {
    const links = lists.filter(([, , items]) => items.length).map(([heading, pane, items]) => this.linked(heading, pane, items));
    this.place.replaceChildren(element("h3", {}, title), name ? element("p", { className: "name" }, name) : "", this.list(rows), ...links);
  }

  list(rows) {
    const said = rows.filter(([, text]) => text).map(([term, text]) => element("div", {}, element("dt", {}, term), element("dd", {}, text)));
    return element("dl", {}, ...said);
  }

  linked(heading, pane, items) {
    const shown = items.slice(0, LISTED).map((i) => this.explorer.link(pane, i, pane.shown.operations[i].name));
    const more = items.length > shown.length ? element("li", { className: "soft" }, say("and {count} more", { count: items.length - shown.length })) : "";
    return element("section", {}, element("h4", {}, `${heading} (${items.length})`), element("ul", {}, ...shown, more));
  }
}
