// Where everything stands once it is known what is folded: what isograd/views/placement.py and
// isograd/views/routes.py do, here for whatever is folded by hand. The order of all items, and the
// size of their labels, come with the page.

class Placement {
  // `view` is a view of the result, `plan` its arrangement, `room` the distances of the drawing.
  constructor(view, plan, room, folded) {
    this.view = view;
    this.plan = plan;
    this.room = room;
    this.total = view.operations.length;
    this.folded = folded;
    this.numbers = new Map(view.operations.map((operation, i) => [operation.name, i]));
    this.at = new Map();
    this.chains = new Map();
    this.upwards = new Set();
    const both = "forward" in plan.lanes && "backward" in plan.lanes;
    plan.groups.forEach((group, number) => {
      if (both && (number === plan.lanes.backward || this.upwards.has(group.parent))) {
        this.upwards.add(number);
      }
      group.rows.forEach((row, at) => {
        row.forEach((item) => item >= 0 && this.at.set(item, { group: number, row: at }));
      });
    });
  }

  // The item and the groups around it, from the inside out.
  chain(item) {
    if (!this.chains.has(item)) {
      const at = this.at.get(item);
      this.chains.set(item, at ? [item, ...this.chain(this.total + at.group)] : [item]);
    }
    return this.chains.get(item);
  }

  // The operation, or the folded group that hides it.
  visible(operation) {
    return this.chain(operation).find((item) => this.boxes.has(item));
  }

  isOpen(item) {
    return this.inner.has(item - this.total);
  }

  // Places all that is visible.
  run() {
    this.boxes = new Map();
    this.slots = new Map();
    this.inner = new Map();
    this.within = new Map();
    this.measureAll();
    this.stand();
    this.lines = this.findLines();
  }

  size(item) {
    if (item < 0) {
      return [this.room.SLOT, 0];
    }
    const opened = this.inner.get(item - this.total);
    return opened ? [opened.width, opened.height] : this.plan.labels[item].slice(2);
  }

  measure(number) {
    const group = this.plan.groups[number];
    const sizes = group.rows.map((row) => row.map((item) => this.size(item)));
    const middles = this.middle(group, sizes.map((row) => row.map(([width]) => width)));
    let [left, right] = [Infinity, -Infinity];
    sizes.forEach((row, i) => row.forEach(([width], j) => {
      left = Math.min(left, middles[i][j] - width / 2);
      right = Math.max(right, middles[i][j] + width / 2);
    }));
    if (left > right) {
      [left, right] = [0, 0];
    }
    const least = this.plan.labels[this.total + number][2];
    const width = Math.max(right - left + 2 * this.room.INSIDE, least);
    const shift = (width - (right - left)) / 2 - left;
    const heights = sizes.map((row) => row.reduce((most, [, height]) => Math.max(most, height), 0));
    const between = this.room.BETWEEN * (heights.length - 1);
    return {
      width,
      height: this.room.HEAD + heights.reduce((sum, height) => sum + height, 0) + between,
      middles: middles.map((row) => row.map((x) => x + shift)),
      tops: this.tops(number, heights),
      heights,
    };
  }

  tops(number, heights) {
    const rows = [...heights.keys()];
    const tops = [];
    let y = this.room.HEAD;
    for (const row of this.upwards.has(number) ? rows.reverse() : rows) {
      tops[row] = y;
      y += heights[row] + this.room.BETWEEN;
    }
    return tops;
  }

  // Measures the open groups, the innermost first; twins take the same height.
  measureAll() {
    const deep = [];
    this.plan.groups.forEach(({ parent }) => deep.push(parent === null ? 0 : deep[parent] + 1));
    const levels = [];
    deep.forEach((level, number) => (levels[level] ??= { groups: [], twins: [] }).groups.push(number));
    this.plan.twins.forEach((twins) => levels[deep[twins.forward]].twins.push(twins));
    for (const { groups, twins } of levels.reverse()) {
      for (const number of groups) {
        if (!this.folded.has(number)) {
          this.inner.set(number, this.measure(number));
        }
      }
      twins.forEach((both) => this.stretch(both));
    }
  }

  // Moves rows down until gradients stand beside their modules.
  stretch(twins) {
    const [forward, backward] = [this.inner.get(twins.forward), this.inner.get(twins.backward)];
    if (!forward || !backward) {
      return;
    }
    const ours = [...forward.tops.keys()];
    const theirs = [...backward.tops.keys()].reverse();
    let [a, b, downA, downB] = [0, 0, 0, 0];
    for (const [i, j] of [...twins.anchors, [ours.length, theirs.length]]) {
      ours.slice(a, i).forEach((row) => (forward.tops[row] += downA));
      theirs.slice(b, j).forEach((row) => (backward.tops[row] += downB));
      [a, b] = [i, j];
      if (i < ours.length && j < theirs.length) {
        const apart = forward.tops[ours[i]] + downA - backward.tops[theirs[j]] - downB;
        downA += Math.max(-apart, 0);
        downB += Math.max(apart, 0);
      }
    }
    forward.height = backward.height = Math.max(forward.height + downA, backward.height + downB);
  }

  // Lanes beside each other, the loss below what runs forward and backward.
  stand() {
    const { lanes } = this.plan;
    let [x, floor, right] = [0, 0, 0];
    for (const lane of ["forward", "backward", "update", "other", "all"]) {
      if (lane in lanes) {
        const [width, height] = this.put(this.total + lanes[lane], x, 0);
        if (lane === "forward" || lane === "backward") {
          floor = Math.max(floor, height);
          right = x + width;
        }
        x += width + this.room.LANE_GAP;
      }
    }
    if ("loss" in lanes) {
      const item = this.total + lanes.loss;
      const middle = Math.max((right - this.size(item)[0]) / 2, 0);
      this.put(item, right ? middle : x, right ? floor + this.room.BETWEEN : 0);
    }
    this.width = Math.max(0, ...this.outermost().map((box) => box.x + box.width));
    this.height = Math.max(0, ...this.outermost().map((box) => box.y + box.height));
  }

  outermost() {
    return Object.values(this.plan.lanes).map((number) => this.boxes.get(this.total + number));
  }

  put(item, x, y) {
    const [width, height] = this.size(item);
    this.boxes.set(item, { item, x, y, width, height });
    const opened = this.inner.get(item - this.total);
    if (opened) {
      this.fill(item - this.total, opened, x, y);
    }
    return [width, height];
  }

  fill(number, opened, x, y) {
    const inside = [];
    this.within.set(this.total + number, inside);
    this.plan.groups[number].rows.forEach((row, i) => row.forEach((item, j) => {
      const [width, height] = this.size(item);
      const down = y + opened.tops[i] + (opened.heights[i] - height) / 2;
      if (item < 0) {
        const key = `${number} ${-1 - item}`;
        this.slots.has(key) || this.slots.set(key, []);
        this.slots.get(key).push({ row: i, point: [x + opened.middles[i][j], down] });
      } else {
        inside.push(item);
        this.put(item, x + opened.middles[i][j] - width / 2, down);
      }
    }));
  }

  // The middle of each item, near those of its neighbours above and below in turn.
  middle(group, widths) {
    const found = widths.map((row) => this.settle(row.map(() => 0), row));
    for (let sweep = 0; sweep < this.room.SWEEPS; sweep++) {
      const down = sweep % 2 === 0;
      for (let step = 1; step < found.length; step++) {
        const i = down ? step : found.length - 1 - step;
        const beside = down ? i - 1 : i + 1;
        const sums = found[i].map(() => [0, 0]);
        for (const [above, below] of group.links[Math.min(i, beside)]) {
          const sum = sums[down ? below : above];
          sum[0] += found[beside][down ? above : below];
          sum[1] += 1;
        }
        found[i] = this.settle(sums.map(([sum, n], j) => (n ? sum / n : found[i][j])), widths[i]);
      }
    }
    return found;
  }

  // The middles nearest to those that are wanted, of items in this order that do not overlap.
  settle(wanted, widths) {
    const { GAP } = this.room;
    let at = -(widths.reduce((sum, width) => sum + width, 0) + GAP * (widths.length - 1)) / 2;
    const offsets = widths.map((width) => (at += width + GAP) - GAP - width / 2);
    const pools = [];
    wanted.forEach((want, i) => {
      pools.push([want - offsets[i], 1]);
      while (pools.length > 1 && pools.at(-2)[0] > pools.at(-1)[0]) {
        const [mean, count] = pools.pop();
        const last = pools.at(-1);
        last[0] = (last[0] * last[1] + mean * count) / (last[1] + count);
        last[1] += count;
      }
    });
    const means = pools.flatMap(([mean, count]) => Array(count).fill(mean));
    return means.map((mean, i) => mean + offsets[i]);
  }

  // One line for each pair of visible items that a value connects.
  findLines() {
    const found = new Map();
    this.view.operations.forEach((operation, reader) => {
      const reads = new Set(operation.reads.map(([name]) => name));
      for (const name of new Set([...reads, ...operation.after])) {
        const source = this.numbers.get(name);
        const [a, b] = [this.visible(source), this.visible(reader)];
        if (a === b) {
          continue;
        }
        const key = `${a} ${b}`;
        if (!found.has(key)) {
          found.set(key, this.line(source, a, b));
        }
        const line = found.get(key);
        line.sources.add(source);
        line.readers.push(reader);
        line.waits &&= !reads.has(name);
      }
    });
    return [...found.values()];
  }

  line(source, a, b) {
    const [ours, theirs] = [this.chain(a), this.chain(b)];
    const points = this.route(source, ours, theirs);
    const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
    return {
      item: a, to: b, sources: new Set(), readers: [], points, waits: true,
      aside: ours.at(-1) !== theirs.at(-1) && ![ours.at(-1), theirs.at(-1)].includes(this.total + this.plan.lanes.loss),
      upwards: this.upwards.has(this.owner(b)),
      box: [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)],
    };
  }

  // From one edge, through the slots of the value, to the other: out of the groups around the one
  // item, along the rows where both meet, and into the groups around the other.
  route(source, ours, theirs) {
    const around = new Set(ours);
    const meet = theirs.find((item) => around.has(item));
    const [i, j] = meet === undefined ? [ours.length, theirs.length] : [ours.indexOf(meet), theirs.indexOf(meet)];
    const ways = [];
    for (let k = 0; k < i - 1; k++) {
      const group = ours[k + 1] - this.total;
      this.through(ways, group, this.at.get(ours[k]).row + 1, this.plan.groups[group].rows.length, source);
    }
    if (meet !== undefined) {
      const [from, to] = [this.at.get(ours[i - 1]).row, this.at.get(theirs[j - 1]).row];
      this.through(ways, meet - this.total, from + 1, to, source);
    }
    for (let k = j - 2; k >= 0; k--) {
      this.through(ways, theirs[k + 1] - this.total, 0, this.at.get(theirs[k]).row, source);
    }
    return [this.end(ours[0], true), ...ways, this.end(theirs[0], false)];
  }

  through(ways, group, from, to, source) {
    for (const { row, point } of this.slots.get(`${group} ${source}`) ?? []) {
      if (row >= from && row < to) {
        ways.push(point);
      }
    }
  }

  end(item, leaving) {
    const box = this.boxes.get(item);
    const lower = leaving !== this.upwards.has(this.owner(item));
    return [box.x + box.width / 2, box.y + (lower ? box.height : 0)];
  }

  owner(item) {
    const at = this.at.get(item);
    return at ? at.group : item - this.total;
  }
}
