// One pane: draws a view, and is moved, zoomed, folded and selected in. It draws only what can be
// seen and told apart, anew whenever something changes.

const SVG = "http://www.w3.org/2000/svg";
const READABLE = 0.5; // Below this scale, names of operations are left out.
const BLOCKS = 0.24; // Below this one, operations are drawn together, as plain blocks.
const TYPED = 0.7; // From this one on, lines say what flows along them.
const [SMALLEST, LARGEST] = [0.01, 4];

function svg(name, attributes = {}, text = null) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, value);
  }
  if (text !== null) {
    element.textContent = text;
  }
  return element;
}

function curve(points) {
  let text = `M${points[0][0].toFixed(1)} ${points[0][1].toFixed(1)}`;
  for (let i = 1; i < points.length; i++) {
    const [[x, y], [toX, toY]] = [points[i - 1], points[i]];
    const half = ((y + toY) / 2).toFixed(1);
    text += `C${x.toFixed(1)} ${half} ${toX.toFixed(1)} ${half} ${toX.toFixed(1)} ${toY.toFixed(1)}`;
  }
  return text;
}

function arrow([x, y], upwards) {
  const back = upwards ? 7 : -7;
  return `M${x.toFixed(1)} ${y.toFixed(1)}l-3.5 ${back}h7z`;
}

class Pane {
  // `owner` is told of what happens here: selected(pane, item), changed(pane).
  constructor(element, owner) {
    this.element = element;
    this.owner = owner;
    this.canvas = element.querySelector(".canvas");
    this.drawing = element.querySelector(".drawing");
    this.map = element.querySelector(".map");
    this.placement = null;
    this.selected = null;
    this.related = new Map();
    this.hits = new Set();
    this.heat = () => null;
    [this.x, this.y, this.scale] = [0, 0, 1];
    this.listen();
  }

  // Shows a view, arranged by modules or by kernels.
  show(view, plan, room) {
    this.view = view;
    this.plan = plan;
    this.selected = null;
    this.related = new Map();
    this.hits = new Set();
    this.placement = new Placement(view, plan, room, new Set(plan.folded));
    this.placement.run();
    this.begin();
  }

  get total() {
    return this.view.operations.length;
  }

  // From the top, at a size that can be read.
  begin() {
    const { width, height } = this.placement;
    const [wide, high] = this.extent();
    this.scale = Math.min(1, Math.max(0.55, Math.min((wide - 32) / width, (high - 32) / height)));
    this.x = Math.max((wide - width * this.scale) / 2, 16);
    this.y = height * this.scale < high - 32 ? (high - height * this.scale) / 2 : 16;
    this.draw();
  }

  fit() {
    const { width, height } = this.placement;
    const [wide, high] = this.extent();
    this.scale = this.bounded(Math.min((wide - 32) / width, (high - 32) / height, 1.2));
    this.x = (wide - width * this.scale) / 2;
    this.y = (high - height * this.scale) / 2;
    this.draw();
  }

  extent() {
    return [this.canvas.clientWidth || 600, this.canvas.clientHeight || 400];
  }

  bounded(scale) {
    return Math.min(Math.max(scale, SMALLEST), LARGEST);
  }

  zoom(factor, at = this.extent().map((size) => size / 2)) {
    const scale = this.bounded(this.scale * factor);
    this.x = at[0] - ((at[0] - this.x) * scale) / this.scale;
    this.y = at[1] - ((at[1] - this.y) * scale) / this.scale;
    this.scale = scale;
    this.draw();
  }

  // Moves the least that brings an item into sight; to the middle where it was out of sight.
  lookAt(item) {
    const box = this.placement.boxes.get(item);
    const [wide, high] = this.extent();
    if (this.scale < READABLE) {
      this.scale = 0.8;
    }
    const [left, top] = [this.x + box.x * this.scale, this.y + box.y * this.scale];
    const [right, bottom] = [left + box.width * this.scale, top + box.height * this.scale];
    if (left < 8 || right > wide - 8) {
      this.x += wide / 2 - Math.min((left + right) / 2, left + wide / 2 - 16);
    }
    if (top < 8 || bottom > high - 8) {
      this.y += high / 2 - Math.min((top + bottom) / 2, top + high / 2 - 16);
    }
    this.draw();
  }

  // Opens or closes a group; its title stays where it is.
  toggle(item) {
    const group = item - this.total;
    if (group < 0) {
      return;
    }
    const before = this.placement.boxes.get(item);
    const { folded } = this.placement;
    folded.has(group) ? folded.delete(group) : folded.add(group);
    this.placement.run();
    const after = this.placement.boxes.get(item);
    this.x += (before.x - after.x) * this.scale;
    this.y += (before.y - after.y) * this.scale;
    this.owner.changed(this);
    this.draw();
  }

  foldAll(closed) {
    const lanes = new Set(Object.values(this.plan.lanes));
    const { folded } = this.placement;
    folded.clear();
    this.plan.groups.forEach((_, number) => closed && !lanes.has(number) && folded.add(number));
    this.placement.run();
    this.owner.changed(this);
    this.begin();
  }

  // Opens all that hides an operation.
  reveal(operation) {
    let changed = false;
    for (const item of this.placement.chain(operation).slice(1)) {
      changed = this.placement.folded.delete(item - this.total) || changed;
    }
    if (changed) {
      this.placement.run();
      this.owner.changed(this);
    }
  }

  select(item) {
    this.selected = item;
    this.owner.selected(this, item);
  }

  // The innermost item at a point of the screen.
  itemAt(clientX, clientY) {
    const frame = this.canvas.getBoundingClientRect();
    const x = (clientX - frame.left - this.x) / this.scale;
    const y = (clientY - frame.top - this.y) / this.scale;
    const inside = (item) => {
      const box = this.placement.boxes.get(item);
      return x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
    };
    let found = null;
    let among = Object.values(this.plan.lanes).map((number) => this.total + number);
    for (let item = among.find(inside); item !== undefined; item = among.find(inside)) {
      found = item;
      among = this.placement.within.get(item) || [];
    }
    return found;
  }

  // The nearest item in a direction, from the one that is selected.
  neighbour(dx, dy) {
    const { boxes } = this.placement;
    const middle = (item) => {
      const box = boxes.get(item);
      const height = this.placement.isOpen(item) ? 0 : box.height;
      return [box.x + box.width / 2, box.y + height / 2];
    };
    const closed = [...boxes.keys()].filter((item) => !this.placement.isOpen(item));
    if (this.selected === null || !boxes.has(this.selected)) {
      return closed[0] ?? null;
    }
    const [x, y] = middle(this.selected);
    let [best, least] = [null, Infinity];
    for (const item of closed) {
      const [toX, toY] = middle(item);
      const along = (toX - x) * dx + (toY - y) * dy;
      const aside = Math.abs((toX - x) * dy) + Math.abs((toY - y) * dx);
      if (along > 1 && along + 3 * aside < least) {
        [best, least] = [item, along + 3 * aside];
      }
    }
    return best;
  }

  draw() {
    if (!this.pending) {
      this.pending = requestAnimationFrame(() => {
        this.pending = null;
        this.paint();
      });
    }
  }

  paint() {
    const [wide, high] = this.extent();
    const seen = [-this.x, -this.y, wide - this.x, high - this.y].map((side) => side / this.scale);
    const layers = ["frames", "lines", "boxes"].map((name) => svg("g", { class: name }));
    this.blocks = new Map();
    for (const number of Object.values(this.plan.lanes)) {
      this.paintItem(this.total + number, seen, layers);
    }
    for (const [classes, shape] of this.blocks) {
      layers[2].append(svg("path", { class: classes, d: shape }));
    }
    this.paintLines(seen, layers[1]);
    const all = svg("g", { transform: `matrix(${this.scale} 0 0 ${this.scale} ${this.x} ${this.y})` });
    all.append(...layers);
    this.drawing.replaceChildren(all);
    this.paintMap(seen);
    const active = this.selected !== null && document.getElementById(this.id(this.selected));
    active
      ? this.canvas.setAttribute("aria-activedescendant", active.id)
      : this.canvas.removeAttribute("aria-activedescendant");
  }

  id(item) {
    return `${this.element.id}-${item}`;
  }

  paintItem(item, seen, layers) {
    const box = this.placement.boxes.get(item);
    const outside = box.x > seen[2] || box.x + box.width < seen[0];
    if (outside || box.y > seen[3] || box.y + box.height < seen[1]) {
      return;
    }
    const classes = this.classes(item);
    const opened = this.placement.isOpen(item);
    if (!opened && this.scale < BLOCKS && !this.related.has(item) && item !== this.selected) {
      const shape = `M${box.x.toFixed(0)} ${box.y.toFixed(0)}h${box.width}v${box.height}h${-box.width}z`;
      this.blocks.set(classes, (this.blocks.get(classes) || "") + shape);
      return;
    }
    (opened ? layers[0] : layers[2]).append(this.drawn(item, box, classes, opened));
    if (opened) {
      this.placement.within.get(item).forEach((inner) => this.paintItem(inner, seen, layers));
    }
  }

  classes(item) {
    const found = [item < this.total ? "op" : "group"];
    const operation = this.view.operations[item];
    const group = this.plan.groups[item - this.total];
    found.push(operation ? operation.phase : `${group.kind} ${this.owner.phaseOf(this, item)}`);
    const heat = this.heat(item);
    if (heat !== null && !this.placement.isOpen(item)) {
      found.push(`heat-${heat}`);
    }
    if (operation?.mark) {
      found.push("marked");
    }
    if (item >= this.total) {
      found.push(this.placement.isOpen(item) ? "open" : "folded");
    }
    found.push(this.related.get(item) || "");
    found.push(this.hits.has(item) ? "hit" : "", item === this.selected ? "selected" : "");
    return found.filter(Boolean).join(" ");
  }

  drawn(item, box, classes, opened) {
    const { x, y, width, height } = box;
    const [title, detail] = this.plan.labels[item];
    const operation = this.view.operations[item];
    const element = svg("g", { id: this.id(item), class: classes, role: "treeitem" });
    element.setAttribute("aria-label", this.owner.spoken(this, item));
    element.setAttribute("aria-selected", String(item === this.selected));
    if (!operation) {
      element.setAttribute("aria-expanded", String(opened));
    }
    const round = operation ? (operation.phase === "input" ? height / 2 : 6) : 9;
    element.append(svg("rect", { x, y, width, height, rx: round }));
    if (operation?.group) {
      const kernel = `kernel-${this.owner.kernel(this, operation.group)}`;
      element.append(svg("rect", { x: x + width - 6, y: y + 6, width: 3, height: height - 12, rx: 1, class: kernel }));
    }
    if (opened) {
      const size = Math.min(Math.max(12, 11 / this.scale), 40, Math.max(12, (1.5 * width) / title.length));
      const text = svg("text", { x: x + 10, y: y + 5 + size * 0.8, class: "title" }, `▾ ${title}`);
      text.setAttribute("font-size", size.toFixed(1));
      element.append(text);
    } else if (this.scale >= READABLE || !operation) {
      this.write(element, item, box, title, detail, operation);
    }
    return element;
  }

  write(element, item, { x, y, width, height }, title, detail, operation) {
    const middle = x + width / 2 + (operation ? 0 : 7);
    if (operation?.phase === "input") {
      element.append(svg("text", { x: middle, y: y + 15.5, class: "detail" }, title));
      return;
    }
    if (!operation) {
      element.append(svg("text", { x: x + 13, y: y + height / 2 + 4, class: "title" }, "▸"));
    }
    const name = operation?.mark ? `⚠ ${title}` : title;
    element.append(svg("text", { x: middle, y: y + height / 2 - 2.5, class: "title" }, name));
    const number = this.owner.measured(this, item);
    element.append(svg("text", { x: middle, y: y + height / 2 + 11, class: "detail" }, number ?? detail));
  }

  paintLines(seen, layer) {
    const shapes = { flow: "", wait: "", shown: "", heads: "", "shown heads": "" };
    const labelled = new Set();
    const texts = [];
    for (const line of this.placement.lines) {
      const [left, top, right, bottom] = line.box;
      const chosen = this.touches(line);
      if (left > seen[2] || right < seen[0] || top > seen[3] || bottom < seen[1]) {
        continue;
      }
      if (!chosen && line.aside) {
        continue;
      }
      if ((bottom - top + right - left) * this.scale < 3) {
        continue;
      }
      shapes[chosen ? "shown" : line.waits ? "wait" : "flow"] += curve(line.points);
      if (this.scale > 0.3) {
        shapes[chosen ? "shown heads" : "heads"] += arrow(line.points.at(-1), line.upwards);
      }
      const key = `${line.source} ${line.item}`;
      if (this.scale >= TYPED && !labelled.has(key)) {
        labelled.add(key);
        texts.push(this.typed(line, chosen));
      }
    }
    for (const [classes, d] of Object.entries(shapes)) {
      if (d) {
        layer.append(svg("path", { class: classes, d }));
      }
    }
    layer.append(...texts.filter(Boolean));
  }

  touches(line) {
    const ends = [line.item, line.to, line.source];
    return this.selected !== null && (ends.includes(this.selected) || line.readers.includes(this.selected));
  }

  typed(line, chosen) {
    const text = this.owner.flows(this, line);
    if (!text) {
      return null;
    }
    const [x, y] = line.points[0];
    const up = this.placement.upwards.has(this.placement.owner(line.item));
    return svg("text", { x, y: y + (up ? -8 : 14), class: chosen ? "type shown" : "type" }, text);
  }

  paintMap(seen) {
    const { width, height, boxes } = this.placement;
    const [wide, high] = this.extent();
    const whole = seen[0] <= 0 && seen[1] <= 0 && seen[2] >= width && seen[3] >= height;
    this.map.toggleAttribute("hidden", whole || wide < 420);
    if (whole) {
      return;
    }
    const most = [120, Math.min(200, high - 60)];
    const scale = Math.min(most[0] / width, most[1] / height);
    const [w, h] = [Math.max(width * scale, 14), Math.max(height * scale, 14)];
    this.mapScale = [w / width, h / height];
    this.map.setAttribute("width", w);
    this.map.setAttribute("height", h);
    this.map.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.map.setAttribute("preserveAspectRatio", "none");
    if (this.mapped !== boxes) {
      this.mapped = boxes;
      const shapes = new Map();
      for (const [item, box] of boxes) {
        if (!this.placement.isOpen(item)) {
          const phase = this.owner.phaseOf(this, item);
          const shape = `M${box.x.toFixed(0)} ${box.y.toFixed(0)}h${box.width}v${box.height}h${-box.width}z`;
          shapes.set(phase, (shapes.get(phase) || "") + shape);
        }
      }
      this.map.replaceChildren(...[...shapes].map(([phase, d]) => svg("path", { class: phase, d })));
      this.map.append(svg("rect", { class: "seen" }));
    }
    const frame = { x: seen[0], y: seen[1], width: seen[2] - seen[0], height: seen[3] - seen[1] };
    Object.entries(frame).forEach(([key, value]) => this.map.lastChild.setAttribute(key, value));
  }

  listen() {
    const { canvas } = this;
    const points = new Map();
    let moved = 0;
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const frame = canvas.getBoundingClientRect();
      const step = event.deltaY * (event.deltaMode ? 20 : 1) * (event.ctrlKey ? 4 : 1);
      this.zoom(Math.exp(-step / 500), [event.clientX - frame.left, event.clientY - frame.top]);
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button || event.target.closest(".map")) {
        return;
      }
      canvas.setPointerCapture(event.pointerId);
      points.set(event.pointerId, [event.clientX, event.clientY]);
      moved = points.size > 1 ? Infinity : 0;
    });
    canvas.addEventListener("pointermove", (event) => {
      const before = points.get(event.pointerId);
      if (!before) {
        return;
      }
      const [dx, dy] = [event.clientX - before[0], event.clientY - before[1]];
      moved += Math.abs(dx) + Math.abs(dy);
      const other = [...points].find(([id]) => id !== event.pointerId)?.[1];
      points.set(event.pointerId, [event.clientX, event.clientY]);
      other ? this.pinch(other, before, [event.clientX, event.clientY]) : this.move(dx, dy);
    });
    const release = (event) => {
      if (points.delete(event.pointerId) && event.type === "pointerup" && moved < 5) {
        this.click(event);
      }
    };
    canvas.addEventListener("pointerup", release);
    canvas.addEventListener("pointercancel", release);
    canvas.addEventListener("dblclick", (event) => {
      const item = this.itemAt(event.clientX, event.clientY);
      if (item !== null && item >= this.total && !this.onSign(item, event)) {
        this.toggle(item);
      }
    });
    canvas.addEventListener("keydown", (event) => this.key(event));
    this.map.addEventListener("pointerdown", (event) => this.jump(event));
    this.map.addEventListener("pointermove", (event) => event.buttons && this.jump(event));
    new ResizeObserver(() => this.placement && this.draw()).observe(canvas);
  }

  move(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.draw();
  }

  pinch(other, before, now) {
    const apart = ([x, y]) => Math.hypot(x - other[0], y - other[1]);
    const frame = this.canvas.getBoundingClientRect();
    const middle = [(other[0] + now[0]) / 2 - frame.left, (other[1] + now[1]) / 2 - frame.top];
    this.zoom(apart(now) / Math.max(apart(before), 1), middle);
  }

  jump(event) {
    const frame = this.map.getBoundingClientRect();
    const [wide, high] = this.extent();
    this.x = wide / 2 - ((event.clientX - frame.left) / this.mapScale[0]) * this.scale;
    this.y = high / 2 - ((event.clientY - frame.top) / this.mapScale[1]) * this.scale;
    this.draw();
  }

  // A click selects; on the sign before a title it opens or closes.
  click(event) {
    const item = this.itemAt(event.clientX, event.clientY);
    this.canvas.focus({ preventScroll: true });
    if (item !== null && item >= this.total && this.onSign(item, event)) {
      this.toggle(item);
    }
    this.select(item);
  }

  onSign(item, event) {
    const box = this.placement.boxes.get(item);
    const frame = this.canvas.getBoundingClientRect();
    const x = (event.clientX - frame.left - this.x) / this.scale - box.x;
    const y = (event.clientY - frame.top - this.y) / this.scale - box.y;
    const size = Math.max(26, 22 / this.scale);
    return x < Math.min(size, box.width / 2) && (y < size || !this.placement.isOpen(item));
  }

  key(event) {
    const ways = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
    const acts = {
      Enter: () => this.selected !== null && this.toggle(this.selected),
      " ": () => this.selected !== null && this.toggle(this.selected),
      "+": () => this.zoom(1.3),
      "=": () => this.zoom(1.3),
      "-": () => this.zoom(1 / 1.3),
      0: () => this.fit(),
      Escape: () => this.outwards(),
    };
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    if (event.key in ways) {
      const item = this.neighbour(...ways[event.key]);
      if (item !== null) {
        this.select(item);
        this.lookAt(item);
      }
    } else if (event.key in acts) {
      acts[event.key]();
    } else {
      return;
    }
    event.preventDefault();
  }

  // Selects the group around, or nothing.
  outwards() {
    const around = this.selected === null ? undefined : this.placement.chain(this.selected)[1];
    this.select(around ?? null);
  }
}
