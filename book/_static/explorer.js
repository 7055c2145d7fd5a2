/* The explorer of the bound: seven sliders, one curve. Plain JavaScript and SVG; the formulas are those of the core. */
(() => {
  "use strict";
  const { oneUpdate } = window.clStep;
  const { text, element, width, frame, start, fill } = window.clTouch;

  /** Forgetting, new-task loss and squared length for m = 0 … P; Infinity at the peak (cl_core.linear.outlook). */
  function outlook({ parameters, specific, samples, noise, distance, shared_error, own_error }) {
    const forgetting = [], newLoss = [], norm = [];
    for (let m = 0; m <= parameters; m += 1) {
      const inQ = Math.min(m, specific) / specific;
      const inU = Math.max(0, m - specific) / (parameters - specific);
      const drift = distance ** 2 * inQ, repairable = shared_error ** 2 * inU + own_error ** 2 * inQ;
      const gapFrozen = (distance ** 2 + own_error ** 2) * (1 - inQ) + shared_error ** 2 * (1 - inU);
      const update = oneUpdate(m, samples, { drift, repairable, gapTrained: drift + repairable, gapFrozen, noise });
      forgetting.push(update.forgetting);
      newLoss.push(update.newLoss);
      norm.push(update.norm);
    }
    return { forgetting, newLoss, norm };
  }

  const least = (values) => values.reduce((best, value, m) => (m > 0 && value < values[best] ? m : best), 1);

  /** The size beyond the peak at which forgetting is least, null where that is at an end (cl_book.pages.explorer). */
  function valley(values, samples) {
    const beyond = values.slice(samples + 2);
    if (beyond.length === 0) return null;
    const place = beyond.reduce((best, value, m) => (value < beyond[best] ? m : best), 0);
    return place > 0 && place < beyond.length - 1 ? samples + 2 + place : null;
  }

  function ticks(low, high, count) {
    const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9)), found = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k += 1) {
      found.push([k * step, (k * step).toFixed(digits).replace("-", "−")]);
    }
    return found;
  }

  function draw(place, settings, curve, marks) {
    const { parameters } = settings, finite = curve.forgetting.filter(Number.isFinite);
    const shown = marks.map(({ m }) => curve.forgetting[m]).filter(Number.isFinite);
    const bottom = Math.min(0, ...finite);
    const high = Math.max(0.05, -1.2 * bottom, 1.35 * Math.max(0, ...shown), 0.5 * settings.distance ** 2);
    const low = bottom - 0.08 * (high - bottom);
    const said = marks.map(({ name, m }) => `${name} ${text(curve.forgetting[m])} at m = ${m}`).join(", ");
    const { svg, inner, box, x, y } = frame(place, {
      name: "explorer",
      said: `Forgetting against the number of trained parameters: ${said}.`,
      height: Math.round(140 + 0.4 * width(place)),
      across: { low: 0, high: parameters, ticks: ticks(0, parameters, width(place) < 450 ? 4 : 6) },
      up: { low, high, ticks: ticks(low, high, 5) },
      above: "forgetting",
      below: "trained parameters m",
    });
    element(svg, "line", { x1: box.left, x2: box.right, y1: y(0), y2: y(0), stroke: "currentColor" });
    const [from, to] = [settings.samples - 1, Math.min(parameters, settings.samples + 1)];
    if (from <= parameters && curve.forgetting[Math.max(1, from)] === Infinity) {
      element(inner, "rect", {
        x: x(from), y: box.top, width: Math.max(2, x(to) - x(from)), height: box.bottom - box.top,
        fill: "currentColor", "fill-opacity": 0.16,
      });
    }
    let path = "", pen = "M";
    curve.forgetting.forEach((value, m) => {
      if (!Number.isFinite(value)) { pen = "M"; return; }
      path += `${pen}${x(m).toFixed(2)} ${Math.max(-1e4, y(value)).toFixed(2)}`;
      pen = "L";
    });
    element(inner, "path", { d: path, fill: "none", stroke: "var(--cl-1)", "stroke-width": 2.4 });
    marks.forEach(({ m, shape, colour }) => {
      if (!Number.isFinite(curve.forgetting[m])) return;
      const [cx, cy] = [x(m), y(curve.forgetting[m])];
      const look = { fill: `var(${colour})`, stroke: "var(--cl-paper)", "stroke-width": 1.2 };
      if (shape === "circle") element(svg, "circle", { cx, cy, r: 6.5, ...look });
      if (shape === "square") element(svg, "rect", { x: cx - 6, y: cy - 6, width: 12, height: 12, ...look });
      if (shape === "triangle") {
        element(svg, "path", { d: `M${cx - 7.5} ${cy + 6}L${cx + 7.5} ${cy + 6}L${cx} ${cy - 8}Z`, ...look });
      }
    });
  }

  start(".cl-explorer", (root) => {
    const live = root.querySelector(".cl-live"), said = root.querySelector(".cl-said");
    return (settings) => {
      const curve = outlook(settings), best = least(curve.forgetting);
      const marks = [
        { name: "frozen", m: settings.specific, shape: "circle", colour: "--cl-3" },
        { name: "initialized", m: settings.parameters, shape: "square", colour: "--cl-2" },
        { name: "least", m: best, shape: "triangle", colour: "--cl-4" },
      ];
      draw(live, settings, curve, marks);
      const sizes = [0, ...marks.map(({ m }) => m)], columns = [curve.forgetting, curve.newLoss, curve.norm];
      fill(root, sizes.map((m) => [String(m), ...columns.map((column) => text(column[m]))]));
      const [frozen, initialized] = [curve.forgetting[settings.specific], curve.forgetting[settings.parameters]];
      let winner = "Frozen and initialized training forget the same.";
      if (frozen < initialized) winner = "Frozen training forgets less than initialized training.";
      if (frozen > initialized) winner = "Initialized training forgets less than frozen training.";
      const low = valley(curve.forgetting, settings.samples);
      const beyond = low === null ? "Beyond the peak there is no valley."
        : `Beyond the peak the valley is at m = ${low}: ${text(curve.forgetting[low])}.`;
      said.textContent = `${winner} Of all sizes but zero, m = ${best} forgets least: ${text(curve.forgetting[best])}. ${beyond}`;
    };
  });

  window.clExplorer = { outlook, valley };
})();
