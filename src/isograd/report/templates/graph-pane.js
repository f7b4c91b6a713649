// One pane: shows a view, and is moved, zoomed, folded and selected in.

const [SMALLEST, LARGEST] = [0.01, 4];

class Pane {
  // `owner` is told of what happens here: selected(pane, item), changed(). It knows what is written
  // on items, measured(pane, item), and their colour, shade(pane, item).
  constructor(element, owner) {
    this.element = element;
    this.owner = owner;
    this.canvas = element.querySelector(".canvas");
    this.drawing = element.querySelector(".drawing");
    this.map = element.querySelector(".map");
    this.painter = new Drawing(this);
    this.placement = null;
    this.selected = null;
    this.related = new Map();
    this.hits = new Set();
    [this.x, this.y, this.scale] = [0, 0, 1];
    this.listen();
  }

  // Shows a view.
  show(shown, room) {
    this.shown = shown;
    this.view = shown.view;
    this.plan = shown.plan;
    this.selected = null;
    this.related = new Map();
    this.hits = new Set();
    this.placement = new Placement(shown.view, shown.plan, room, new Set(shown.plan.folded));
    this.placement.run();
    this.begin();
  }

  get total() {
    return this.shown.total;
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
    this.owner.changed();
    this.draw();
  }

  foldAll(closed) {
    const lanes = new Set(Object.values(this.plan.lanes));
    const { folded } = this.placement;
    folded.clear();
    this.plan.groups.forEach((_, number) => closed && !lanes.has(number) && folded.add(number));
    this.placement.run();
    this.owner.changed();
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
      this.owner.changed();
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
        this.painter.paint();
      });
    }
  }

  id(item) {
    return `${this.element.id}-${item}`;
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
