// Draws what a pane shows: only what can be seen and told apart, anew whenever something changes.

const SVG = "http://www.w3.org/2000/svg";
const READABLE = 0.5; // Below this scale, names of operations are left out.
const BLOCKS = 0.24; // Below this one, operations are drawn together, as plain blocks.
const TYPED = 0.7; // From this one on, lines say what flows along them.

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

class Drawing {
  constructor(pane) {
    this.pane = pane;
  }

  paint() {
    const [wide, high] = this.pane.extent();
    const seen = [-this.pane.x, -this.pane.y, wide - this.pane.x, high - this.pane.y].map((side) => side / this.pane.scale);
    const layers = ["frames", "lines", "boxes"].map((name) => svg("g", { class: name }));
    this.blocks = new Map();
    for (const number of Object.values(this.pane.plan.lanes)) {
      this.paintItem(this.pane.total + number, seen, layers);
    }
    for (const [classes, shape] of this.blocks) {
      layers[2].append(svg("path", { class: classes, d: shape }));
    }
    this.paintLines(seen, layers[1]);
    const all = svg("g", { transform: `matrix(${this.pane.scale} 0 0 ${this.pane.scale} ${this.pane.x} ${this.pane.y})` });
    all.append(...layers);
    this.pane.drawing.replaceChildren(all);
    this.paintMap(seen);
    const active = this.pane.selected !== null && document.getElementById(this.pane.id(this.pane.selected));
    active
      ? this.pane.canvas.setAttribute("aria-activedescendant", active.id)
      : this.pane.canvas.removeAttribute("aria-activedescendant");
  }

  paintItem(item, seen, layers) {
    const box = this.pane.placement.boxes.get(item);
    const outside = box.x > seen[2] || box.x + box.width < seen[0];
    if (outside || box.y > seen[3] || box.y + box.height < seen[1]) {
      return;
    }
    const classes = this.classes(item);
    const opened = this.pane.placement.isOpen(item);
    if (!opened && this.pane.scale < BLOCKS && !this.pane.related.has(item) && item !== this.pane.selected) {
      const shape = `M${box.x.toFixed(0)} ${box.y.toFixed(0)}h${box.width}v${box.height}h${-box.width}z`;
      this.blocks.set(classes, (this.blocks.get(classes) || "") + shape);
      return;
    }
    (opened ? layers[0] : layers[2]).append(this.drawn(item, box, classes, opened));
    if (opened) {
      this.pane.placement.within.get(item).forEach((inner) => this.paintItem(inner, seen, layers));
    }
  }

  classes(item) {
    const found = [item < this.pane.total ? "op" : "group"];
    const operation = this.pane.view.operations[item];
    const group = this.pane.plan.groups[item - this.pane.total];
    found.push(operation ? operation.phase : `${group.kind} ${this.pane.shown.phaseOf(item)}`);
    const heat = this.pane.owner.shade(this.pane, item);
    if (heat !== null && !this.pane.placement.isOpen(item)) {
      found.push(`heat-${heat}`);
    }
    if (operation?.mark) {
      found.push("marked");
    }
    if (item >= this.pane.total) {
      found.push(this.pane.placement.isOpen(item) ? "open" : "folded");
    }
    found.push(this.pane.related.get(item) || "");
    found.push(this.pane.hits.has(item) ? "hit" : "", item === this.pane.selected ? "selected" : "");
    return found.filter(Boolean).join(" ");
  }

  drawn(item, box, classes, opened) {
    const { x, y, width, height } = box;
    const [title, detail] = this.pane.plan.labels[item];
    const operation = this.pane.view.operations[item];
    const element = svg("g", { id: this.pane.id(item), class: classes, role: "treeitem" });
    element.setAttribute("aria-label", this.pane.shown.spoken(item));
    element.setAttribute("aria-selected", String(item === this.pane.selected));
    if (!operation) {
      element.setAttribute("aria-expanded", String(opened));
    }
    const round = operation ? (operation.phase === "input" ? height / 2 : 6) : 9;
    element.append(svg("rect", { x, y, width, height, rx: round }));
    if (operation?.group) {
      const kernel = `kernel-${this.pane.shown.kernel(operation.group)}`;
      element.append(svg("rect", { x: x + width - 6, y: y + 6, width: 3, height: height - 12, rx: 1, class: kernel }));
    }
    if (opened) {
      const size = Math.min(Math.max(12, 11 / this.pane.scale), 40, Math.max(12, (1.5 * width) / title.length));
      const text = svg("text", { x: x + 10, y: y + 5 + size * 0.8, class: "title" }, `▾ ${title}`);
      text.setAttribute("font-size", size.toFixed(1));
      element.append(text);
    } else if (this.pane.scale >= READABLE || !operation) {
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
    const number = this.pane.owner.measured(this.pane, item);
    element.append(svg("text", { x: middle, y: y + height / 2 + 11, class: "detail" }, number ?? detail));
  }

  paintLines(seen, layer) {
    const shapes = { flow: "", wait: "", shown: "", heads: "", "shown heads": "" };
    const labelled = new Set();
    const texts = [];
    for (const line of this.pane.placement.lines) {
      const [left, top, right, bottom] = line.box;
      const chosen = this.touches(line);
      if (left > seen[2] || right < seen[0] || top > seen[3] || bottom < seen[1]) {
        continue;
      }
      if (!chosen && line.aside) {
        continue;
      }
      if ((bottom - top + right - left) * this.pane.scale < 3) {
        continue;
      }
      shapes[chosen ? "shown" : line.waits ? "wait" : "flow"] += curve(line.points);
      if (this.pane.scale > 0.3) {
        shapes[chosen ? "shown heads" : "heads"] += arrow(line.points.at(-1), line.upwards);
      }
      if (this.pane.scale >= TYPED && !labelled.has(line.item)) {
        labelled.add(line.item);
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
    const ends = [line.item, line.to, ...line.sources];
    return this.pane.selected !== null && (ends.includes(this.pane.selected) || line.readers.includes(this.pane.selected));
  }

  typed(line, chosen) {
    const text = this.pane.shown.flows(line);
    if (!text) {
      return null;
    }
    const [x, y] = line.points[0];
    const up = this.pane.placement.upwards.has(this.pane.placement.owner(line.item));
    return svg("text", { x, y: y + (up ? -8 : 14), class: chosen ? "type shown" : "type" }, text);
  }

  paintMap(seen) {
    const { width, height, boxes } = this.pane.placement;
    const [wide, high] = this.pane.extent();
    const whole = seen[0] <= 0 && seen[1] <= 0 && seen[2] >= width && seen[3] >= height;
    this.pane.map.toggleAttribute("hidden", whole || wide < 420);
    if (whole) {
      return;
    }
    const most = [120, Math.min(200, high - 60)];
    const scale = Math.min(most[0] / width, most[1] / height);
    const [w, h] = [Math.max(width * scale, 14), Math.max(height * scale, 14)];
    this.pane.mapScale = [w / width, h / height];
    this.pane.map.setAttribute("width", w);
    this.pane.map.setAttribute("height", h);
    this.pane.map.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.pane.map.setAttribute("preserveAspectRatio", "none");
    if (this.mapped !== boxes) {
      this.mapped = boxes;
      const shapes = new Map();
      for (const [item, box] of boxes) {
        if (!this.pane.placement.isOpen(item)) {
          const phase = this.pane.shown.phaseOf(item);
          const shape = `M${box.x.toFixed(0)} ${box.y.toFixed(0)}h${box.width}v${box.height}h${-box.width}z`;
          shapes.set(phase, (shapes.get(phase) || "") + shape);
        }
      }
      this.pane.map.replaceChildren(...[...shapes].map(([phase, d]) => svg("path", { class: phase, d })));
      this.pane.map.append(svg("rect", { class: "seen" }));
    }
    const frame = { x: seen[0], y: seen[1], width: seen[2] - seen[0], height: seen[3] - seen[1] };
    Object.entries(frame).forEach(([key, value]) => this.pane.map.lastChild.setAttribute(key, value));
  }
}
