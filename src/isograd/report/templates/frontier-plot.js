// The plot: marks on two axes that can be chosen, and the front of these two.

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = { left: 64, right: 22, top: 26, bottom: 50 };
const REACH = 12; // Pixels around a mark in which the pointer means it.

function drawn(name, attributes = {}, text = "") {
  const made = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  made.textContent = text;
  return made;
}

const tenth = (pixels) => Math.round(pixels * 10) / 10;

class Plot {
  constructor(svg, drawing, listener) {
    this.svg = svg;
    this.drawing = drawing;
    this.listener = listener;
    this.axes = new Map(drawing.axes.map((axis) => [axis.key, axis]));
    this.marks = new Map();
    this.chosen = null;
    this.pointed = null;
    svg.addEventListener("keydown", (event) => this.walk(event));
    svg.addEventListener("mousemove", (event) => this.near(event));
    svg.addEventListener("mouseleave", () => this.approach(null));
    svg.addEventListener("click", () => this.pointed && this.listener.choose(this.pointed));
  }

  // Everything anew: for other axes, other points, another width.
  draw(across, up, shown) {
    this.width = Math.max(this.svg.clientWidth, 280);
    this.height = Math.min(Math.max(this.width * 0.68, 340), 540);
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
    this.svg.setAttribute("height", this.height);
    [this.across, this.up] = [this.axes.get(across), this.axes.get(up)];
    this.points = shown.filter(({ at }) => across in at && up in at);
    const held = this.svg.contains(document.activeElement);
    const front = this.front();
    this.marks.clear();
    this.pointed = null;
    const large = [...this.points].sort((a, b) => b.radius - a.radius);
    this.svg.replaceChildren(...this.grid(), this.line(front), ...large.map((point) => this.mark(point)));
    this.label(front);
    this.tip = drawn("text", { class: "label tip", "aria-hidden": "true" });
    this.svg.append(this.tip);
    this.choose(this.chosen);
    if (held) this.marks.get(this.chosen)?.focus();
  }

  x(point) {
    return this.horizontal(point.at[this.across.key]);
  }

  y(point) {
    return this.vertical(point.at[this.up.key]);
  }

  horizontal(at) {
    return tenth(MARGIN.left + (at / this.drawing.length) * (this.width - MARGIN.left - MARGIN.right));
  }

  vertical(at) {
    return tenth(this.height - MARGIN.bottom - (at / this.drawing.length) * (this.height - MARGIN.top - MARGIN.bottom));
  }

  grid() {
    const [right, base] = [this.width - MARGIN.right, this.height - MARGIN.bottom];
    const middle = (MARGIN.left + right) / 2;
    const every = Math.max(1, Math.ceil((this.across.ticks.length * 56) / (right - MARGIN.left)));
    const columns = this.across.ticks.filter((_, i) => i % every === 0).flatMap(([at, text]) => [
      drawn("path", { class: "grid", d: `M${this.horizontal(at)} ${MARGIN.top}V${base}` }),
      drawn("text", { class: "middle", x: this.horizontal(at), y: base + 18 }, text),
    ]);
    const rows = this.up.ticks.flatMap(([at, text]) => [
      drawn("path", { class: "grid", d: `M${MARGIN.left} ${this.vertical(at)}H${right}` }),
      drawn("text", { class: "end", x: MARGIN.left - 8, y: this.vertical(at) + 4 }, text),
    ]);
    const name = ({ title, log }) => (log ? say("{title}, logarithmic", { title: say(title) }) : say(title));
    const better = this.across.better > 0 ? say("better →") : say("← better");
    return [
      ...columns,
      ...rows,
      drawn("text", { class: "axis middle", x: middle, y: this.height - 8 }, `${name(this.across)} (${better})`),
      drawn("text", { class: "axis", x: 0, y: 12 }, `${name(this.up)} (${this.up.better > 0 ? say("better ↑") : say("better ↓")})`),
    ];
  }

  // What no other shown point beats on both axes, from the best across to the best up.
  front() {
    const worth = (axis) => (point) => axis.better * point.values[axis.key];
    const [across, up] = [worth(this.across), worth(this.up)];
    const order = this.points.filter((point) => !point.wrong).sort((a, b) => across(b) - across(a) || up(b) - up(a));
    let best = -Infinity;
    return order.filter((point) => up(point) > best && (best = up(point)) > -Infinity);
  }

  // In steps: the corner between two points is what both leave open.
  line(front) {
    const steps = front.map((point, i) => (i ? `H${this.x(point)}V${this.y(point)}` : `M${this.x(point)} ${this.y(point)}`));
    return drawn("path", { class: "front-line", d: steps.join("") });
  }

  mark(point) {
    const classes = ["point", point.accent, "shade-0", point.variant && "hollow", point.wrong && "wrong"].filter(Boolean);
    const group = drawn("g", { class: classes.join(" "), transform: `translate(${this.x(point)} ${this.y(point)})`, tabindex: "-1", role: "button", "aria-label": this.words(point) });
    group.dataset.id = point.id;
    group.append(
      drawn("path", { class: "shape", d: point.shape, transform: `scale(${point.radius})` }),
      drawn("circle", { class: "halo", r: point.radius + 6 }),
    );
    if (point.front) group.append(drawn("circle", { class: "ring", r: point.radius + 3.5 }));
    group.addEventListener("focus", () => this.listener.choose(point.id));
    this.marks.set(point.id, group);
    return group;
  }

  words(point) {
    const edge = this.isOff(point) ? `${say("beyond the edge")}, ` : "";
    return `${point.name}, ${edge}${say(this.across.title)} ${this.figure(point, this.across)}, ${say(this.up.title)} ${this.figure(point, this.up)}`;
  }

  figure(point, axis) {
    return say(point.said.find(([term]) => term === axis.title)[1]);
  }

  isOff(point) {
    return point.off.includes(this.up.key) || point.off.includes(this.across.key);
  }

  // What has lost so much that it stands on the edge says how much that is.
  title(point) {
    if (!this.isOff(point)) return point.name;
    return `${point.name} (${point.off.includes(this.up.key) ? `↓ ${this.figure(point, this.up)}` : `← ${this.figure(point, this.across)}`})`;
  }

  // Names beside what is on the front or beyond the edge, where there is room for them.
  label(front) {
    const taken = this.points.map((point) => this.square(point));
    this.labelled = new Set();
    for (const point of new Set([...front, ...this.points.filter((one) => this.isOff(one))])) {
      const text = drawn("text", { class: "label" }, this.title(point));
      this.svg.append(text);
      const wide = text.getComputedTextLength();
      const place = this.places(point, wide).find((box) => this.isFree(box, taken));
      if (!place) {
        text.remove();
        continue;
      }
      text.setAttribute("x", place.left);
      text.setAttribute("y", place.bottom - 4);
      taken.push(place);
      this.labelled.add(point.id);
    }
  }

  // Names what is pointed at, or else what is chosen, whatever lies under the name.
  nameIt(id) {
    const point = this.points.find((one) => one.id === id);
    this.tip.textContent = point && !this.labelled.has(id) ? this.title(point) : "";
    if (!this.tip.textContent) return;
    const places = this.places(point, this.tip.getComputedTextLength());
    const { left, bottom } = places.find((box) => this.isFree(box, [])) ?? places[2];
    this.tip.setAttribute("x", left);
    this.tip.setAttribute("y", bottom - 4);
  }

  square(point) {
    const [x, y, r] = [this.x(point), this.y(point), point.radius + 3];
    return { left: x - r, right: x + r, top: y - r, bottom: y + r };
  }

  places(point, wide) {
    const [x, y, r] = [this.x(point), this.y(point), point.radius + 7];
    const box = (left, middle) => ({ left, right: left + wide, top: middle - 9, bottom: middle + 9 });
    return [box(x + r, y), box(x - r - wide, y), box(x - wide / 2, y - r - 9), box(x - wide / 2, y + r + 9), box(x + r * 0.6, y - r - 6), box(x + r * 0.6, y + r + 6), box(x - wide - r * 0.6, y - r - 6), box(x - wide - r * 0.6, y + r + 6)];
  }

  isFree(box, taken) {
    const inside = box.left > MARGIN.left && box.right < this.width && box.top > 14 && box.bottom < this.height - MARGIN.bottom;
    return inside && taken.every((other) => box.right < other.left || box.left > other.right || box.bottom < other.top || box.top > other.bottom);
  }

  // Marks may cover each other: meant is the one whose middle is nearest to the pointer.
  near({ clientX, clientY }) {
    const { left, top } = this.svg.getBoundingClientRect();
    const away = (point) => Math.hypot(this.x(point) - clientX + left, this.y(point) - clientY + top);
    const nearest = this.points.reduce((a, b) => (a && away(a) <= away(b) ? a : b), null);
    this.approach(nearest && away(nearest) < nearest.radius + REACH ? nearest.id : null);
  }

  approach(id) {
    if (id === this.pointed) return;
    this.marks.get(this.pointed)?.classList.remove("pointed");
    this.marks.get(id)?.classList.add("pointed");
    this.svg.classList.toggle("pointing", id !== null);
    this.pointed = id;
    this.nameIt(id ?? this.chosen);
    this.listener.point(id);
  }

  // Tab comes to the chosen one; arrows go on along the axis across.
  choose(id) {
    this.chosen = id;
    const stop = this.marks.has(id) ? id : this.ordered()[0]?.id;
    for (const [one, mark] of this.marks) {
      mark.classList.toggle("chosen", one === id);
      mark.setAttribute("aria-pressed", String(one === id));
      mark.setAttribute("tabindex", one === stop ? "0" : "-1");
    }
    this.nameIt(id);
  }

  ordered() {
    return [...this.points].sort((a, b) => this.x(a) - this.x(b) || this.y(b) - this.y(a));
  }

  walk(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const id = event.target.dataset?.id;
    if (!step || !id) return;
    event.preventDefault();
    const order = this.ordered();
    const next = order[order.findIndex((point) => point.id === id) + step];
    if (next) this.marks.get(next.id).focus();
  }
}
