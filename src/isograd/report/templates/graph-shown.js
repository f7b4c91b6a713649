// A view as a pane shows it: what its items are, and what belongs to what. Items are operations by
// their number, and groups by theirs plus the number of operations.

const UNITS = {
  us: (x) => (x >= 1e6 ? [x / 1e6, "s"] : x >= 1e3 ? [x / 1e3, "ms"] : [x, "µs"]),
  bytes: (x) => (x >= 2 ** 20 ? [x / 2 ** 20, "MiB"] : x >= 1024 ? [x / 1024, "KiB"] : [x, "B"]),
  envelopes: (x) => [x, say("× envelope")],
};

function quantity(value, unit) {
  const [number, name] = (UNITS[unit] ?? ((x) => [x, unit]))(value);
  return `${Number(number.toPrecision(3)).toLocaleString("en")} ${name}`;
}

function flowing({ dtype, shape }) {
  return shape === null ? dtype : `${dtype}[${shape.map((size) => size ?? "?").join(", ")}]`;
}

function element(name, properties = {}, ...inside) {
  const made = document.createElement(name);
  Object.assign(made, properties);
  made.append(...inside.filter((one) => one !== null && one !== undefined && one !== ""));
  return made;
}

class Shown {
  constructor(view, plan) {
    this.view = view;
    this.plan = plan;
    this.operations = view.operations;
    this.total = view.operations.length;
    this.named = new Map(view.operations.map((operation, i) => [operation.name, i]));
    this.readers = view.operations.map(() => []);
    view.operations.forEach(({ reads }, i) => {
      new Set(reads.map(([name]) => this.named.get(name))).forEach((source) => this.readers[source].push(i));
    });
    this.members = [];
    for (let number = plan.groups.length - 1; number >= 0; number--) {
      const items = plan.groups[number].rows.flat().filter((item) => item >= 0);
      this.members[number] = items.flatMap((item) => this.operationsOf(item)).sort((a, b) => a - b);
    }
    this.phases = new Map();
    this.kernels = new Map();
  }

  operationsOf(item) {
    return item < this.total ? [item] : this.members[item - this.total];
  }

  nodesOf(item) {
    const nodes = this.operationsOf(item).map((i) => this.operations[i].node);
    return new Set(nodes.filter((node) => node !== null));
  }

  // The phase of an item; of a group, that of most operations which are no inputs; of a lane, its own.
  phaseOf(item) {
    if (!this.phases.has(item)) {
      this.phases.set(item, this.mostly(item));
    }
    return this.phases.get(item);
  }

  mostly(item) {
    const group = this.plan.groups[item - this.total];
    const counts = new Map();
    this.operationsOf(item).forEach((i) => counts.set(this.operations[i].phase, (counts.get(this.operations[i].phase) ?? 0) + 1));
    if (group?.kind === "lane" && (counts.has(group.title) || !counts.size)) {
      return group.title;
    }
    const found = [...counts].filter(([phase]) => phase !== "input").sort((a, b) => b[1] - a[1]);
    return found[0]?.[0] ?? "input";
  }

  // One of six colours for a kernel.
  kernel(group) {
    if (!this.kernels.has(group)) {
      this.kernels.set(group, this.kernels.size % 6);
    }
    return this.kernels.get(group);
  }

  like(wanted, except = -1) {
    return [...this.operations.keys()].filter((i) => i !== except && wanted(this.operations[i]));
  }

  // What a screen reader says.
  spoken(item) {
    const operation = this.operations[item];
    if (operation) {
      const { kind, name, phase, scope } = operation;
      return [kind, name, say(phase), scope].filter(Boolean).join(", ");
    }
    const [title, detail] = this.plan.labels[item];
    return `${title}, ${detail}, ${say(this.phaseOf(item))}`;
  }

  // What flows along a line.
  flows(line) {
    const read = line.readers.flatMap((reader) => this.operations[reader].reads);
    const made = read.map(([name, number]) => [this.named.get(name), number]).filter(([source]) => line.sources.has(source));
    const values = new Map(made.map(([source, number]) => [`${source} ${number}`, this.operations[source].values[number]]));
    if (line.sources.size > 1) {
      return say("{count} values", { count: values.size });
    }
    const first = [...values.values()].find(Boolean);
    return first ? flowing(first) + (values.size > 1 ? ` +${values.size - 1}` : "") : "";
  }
}
