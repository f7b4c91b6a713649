// Overlays: what was measured for each layer, as colours on the items and as numbers.

const STEPS = 8; // Colours, from nothing to the most.

class Heat {
  constructor(explorer) {
    this.explorer = explorer;
    this.quantity = "";
    this.most = 0;
    this.picker = document.getElementById("overlay");
    this.picker.addEventListener("change", () => this.choose(this.picker.value));
  }

  choose(quantity) {
    this.quantity = quantity;
    const values = this.overlays().flatMap((one) => Object.values(one.values));
    this.most = Math.max(0, ...values.filter((value) => value !== null));
    this.shades = new Map(this.explorer.panes.map((pane) => [pane, new Map()]));
    this.explain();
    this.explorer.panes.forEach((pane) => pane.view && pane.draw());
  }

  overlays() {
    return this.explorer.graphs.overlays.filter((one) => one.quantity === this.quantity);
  }

  overlayOf(pane) {
    return this.overlays().find((one) => one.framework === pane.view.framework);
  }

  // The sum over the layers that an item belongs to; of errors, the largest.
  value(pane, item, overlay) {
    const found = [...pane.shown.nodesOf(item)].map((node) => overlay.values[node] ?? null).filter((x) => x !== null);
    if (!found.length) {
      return null;
    }
    return overlay.unit === "envelopes" ? Math.max(...found) : found.reduce((sum, x) => sum + x, 0);
  }

  // The phase that a quantity is of, as in "backward time"; none where it is of all.
  phase() {
    return ["forward", "backward"].find((phase) => this.quantity.startsWith(`${phase} `));
  }

  // The colour of an item, from 0; null where it has none.
  shade(pane, item) {
    const overlay = this.overlayOf(pane);
    if (!overlay || (this.phase() && pane.shown.phaseOf(item) !== this.phase())) {
      return null;
    }
    const shades = this.shades.get(pane);
    if (!shades.has(item)) {
      const share = this.most > 0 ? (this.value(pane, item, overlay) ?? 0) / this.most : 0;
      shades.set(item, Math.min(STEPS, Math.ceil(Math.sqrt(share) * STEPS)));
    }
    return shades.get(item);
  }

  // What is written on an item: once for each layer, where it runs forward; or backward, where the
  // quantity is of that.
  text(pane, item) {
    const overlay = this.overlayOf(pane);
    if (!overlay || pane.shown.phaseOf(item) !== (this.phase() ?? "forward")) {
      return null;
    }
    const value = this.value(pane, item, overlay);
    return value === null ? null : quantity(value, overlay.unit);
  }

  // Every quantity of an item.
  all(pane, item) {
    const ours = this.explorer.graphs.overlays.filter((one) => one.framework === pane.view.framework);
    const found = ours.map((one) => [one, this.value(pane, item, one)]).filter(([, value]) => value !== null);
    return found.map(([one, value]) => `${say(one.quantity)} ${quantity(value, one.unit)}`).join(", ");
  }

  explain() {
    const overlays = this.overlays();
    const legend = document.getElementById("scale");
    legend.hidden = !overlays.length;
    document.getElementById("phases").hidden = overlays.length > 0;
    if (!overlays.length) {
      return;
    }
    const { unit } = overlays[0];
    const shades = Array.from({ length: STEPS + 1 }, (_, i) => element("i", { className: `shade heat-${i}` }));
    const totals = overlays.map((one) => {
      const total = one.total === null ? "" : say("{amount} in all", { amount: quantity(one.total, unit) });
      return `${this.explorer.side(one.framework)}: ${Object.keys(one.values).length ? total : say(one.about)}`;
    });
    legend.replaceChildren("0 ", element("span", {}, ...shades), ` ${say("{amount} a layer", { amount: quantity(this.most, unit) })}`, ...totals.map((text) => element("span", {}, text)));
    legend.title = overlays.map((one) => say(one.about)).join(" ");
  }
}
