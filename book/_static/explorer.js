/* The explorer of the bound: six sliders, one curve. Plain JavaScript and SVG; the formulas are those of the core. */
(() => {
  "use strict";
  const WIDEST = 640, LEFT = 64, RIGHT = 14, TOP = 34, BOTTOM = 52;
  const NS = "http://www.w3.org/2000/svg";

  /** Forgetting, new-task loss and squared length for m = 0 … P; Infinity at the peak (cl_core.linear.outlook). */
  function outlook({ parameters, specific, samples, noise, distance, shared_error }) {
    const forgetting = [], newLoss = [], norm = [];
    for (let m = 0; m <= parameters; m += 1) {
      const inQ = Math.min(m, specific) / specific;
      const inU = Math.max(0, m - specific) / (parameters - specific);
      const drift = distance ** 2 * inQ, repair = shared_error ** 2 * inU;
      const frozen = distance ** 2 * (1 - inQ) + shared_error ** 2 * (1 - inU);
      const behind = frozen + noise ** 2;
      const share = m === 0 ? 0 : Math.min(1, samples / m);
      const away = Math.abs(m - samples) - 1;
      let variance = 0;
      if (m > 0 && behind > 0) variance = away > 0 ? (Math.min(m, samples) / away) * behind : Infinity;
      forgetting.push(share * (drift - repair) + variance);
      newLoss.push(frozen + (1 - share) * (drift + repair) + variance);
      norm.push(share * (drift + repair) + variance);
    }
    return { forgetting, newLoss, norm };
  }

  const least = (values) => values.reduce((best, value, m) => (m > 0 && value < values[best] ? m : best), 1);

  function text(value) {
    if (!Number.isFinite(value)) return "infinite";
    return (Math.abs(value) < 5e-4 ? 0 : value).toFixed(3).replace("-", "−");
  }

  function ticks(low, high, count) {
    const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
    const found = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k += 1) found.push(k * step);
    return { found, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
  }

  function element(parent, name, attributes, words) {
    const made = document.createElementNS(NS, name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    if (words !== undefined) made.textContent = words;
    parent.append(made);
    return made;
  }

  function draw(place, settings, curve, marks) {
    // Drawn at the width it is shown in: text keeps its size on a phone.
    const WIDTH = Math.max(280, Math.min(WIDEST, place.clientWidth || WIDEST)), HEIGHT = Math.round(140 + 0.4 * WIDTH);
    const { parameters } = settings, finite = curve.forgetting.filter(Number.isFinite);
    const shown = marks.map(({ m }) => curve.forgetting[m]).filter(Number.isFinite);
    const bottom = Math.min(0, ...finite);
    const top = Math.max(0.05, -1.2 * bottom, 1.35 * Math.max(0, ...shown), 0.5 * settings.distance ** 2);
    const [low, high] = [bottom - 0.08 * (top - bottom), top];
    const x = (m) => LEFT + ((WIDTH - LEFT - RIGHT) * m) / parameters;
    const y = (value) => TOP + ((HEIGHT - TOP - BOTTOM) * (high - value)) / (high - low);
    place.replaceChildren();
    const svg = element(place, "svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
    const said = marks.map(({ name, m }) => `${name} ${text(curve.forgetting[m])} at m = ${m}`).join(", ");
    element(svg, "title", {}, `Forgetting against the number of trained parameters: ${said}.`);
    const clip = element(element(svg, "defs", {}), "clipPath", { id: "cl-explorer-frame" });
    element(clip, "rect", { x: LEFT, y: TOP, width: WIDTH - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM });
    const grid = { stroke: "currentColor", "stroke-opacity": 0.14 };
    const word = { fill: "currentColor", "font-size": 14 };
    const up = ticks(low, high, 5);
    up.found.forEach((value) => {
      element(svg, "line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value), ...grid });
      const words = (value === 0 ? 0 : value).toFixed(up.digits).replace("-", "−");
      element(svg, "text", { x: LEFT - 8, y: y(value) + 5, "text-anchor": "end", ...word }, words);
    });
    ticks(0, parameters, WIDTH < 450 ? 4 : 6).found.forEach((m) => {
      element(svg, "line", { x1: x(m), x2: x(m), y1: TOP, y2: HEIGHT - BOTTOM, ...grid });
      element(svg, "text", { x: x(m), y: HEIGHT - BOTTOM + 20, "text-anchor": "middle", ...word }, String(m));
    });
    element(svg, "line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(0), y2: y(0), stroke: "currentColor" });
    element(svg, "text", { x: LEFT, y: 18, ...word }, "forgetting");
    const below = { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 8, "text-anchor": "middle" };
    element(svg, "text", { ...below, ...word }, "trained parameters m");
    const inner = element(svg, "g", { "clip-path": "url(#cl-explorer-frame)" });
    const [from, to] = [settings.samples - 1, Math.min(parameters, settings.samples + 1)];
    if (from <= parameters && curve.forgetting[Math.max(1, from)] === Infinity) {
      element(inner, "rect", {
        x: x(from), y: TOP, width: Math.max(2, x(to) - x(from)), height: HEIGHT - TOP - BOTTOM,
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

  function start(root) {
    const inputs = [...root.querySelectorAll("input[type=range]")];
    const by = Object.fromEntries(inputs.map((input) => [input.name, input]));
    const live = root.querySelector(".cl-live"), said = root.querySelector(".cl-said");
    const rows = [...root.querySelectorAll("tbody tr")];

    function update() {
      by.specific.max = String(Number(by.parameters.value) - 1);
      const settings = Object.fromEntries(inputs.map((input) => [input.name, Number(input.value)]));
      inputs.forEach((input) => { root.querySelector(`output[for="${input.id}"]`).textContent = input.value; });
      const curve = outlook(settings), best = least(curve.forgetting);
      const marks = [
        { name: "frozen", m: settings.specific, shape: "circle", colour: "--cl-3" },
        { name: "initialized", m: settings.parameters, shape: "square", colour: "--cl-2" },
        { name: "least", m: best, shape: "triangle", colour: "--cl-4" },
      ];
      draw(live, settings, curve, marks);
      [0, ...marks.map(({ m }) => m)].forEach((m, row) => {
        const values = [String(m), ...[curve.forgetting, curve.newLoss, curve.norm].map((column) => text(column[m]))];
        rows[row].querySelectorAll("td").forEach((cell, column) => { cell.textContent = values[column]; });
      });
      const [frozen, initialized] = [curve.forgetting[settings.specific], curve.forgetting[settings.parameters]];
      let winner = "Frozen and initialized training forget the same.";
      if (frozen < initialized) winner = "Frozen training forgets less than initialized training.";
      if (frozen > initialized) winner = "Initialized training forgets less than frozen training.";
      said.textContent = `${winner} Of all sizes but zero, m = ${best} forgets least: ${text(curve.forgetting[best])}.`;
    }

    root.querySelector("form").hidden = false;
    root.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
    root.querySelector(".cl-static").hidden = true;
    live.hidden = false;
    root.querySelector("form").addEventListener("input", update);
    root.querySelector("button").addEventListener("click", () => {
      inputs.forEach((input) => { input.max = input.dataset.max; input.value = input.defaultValue; });
      update();
    });
    update();
    window.addEventListener("resize", update);
  }

  window.clExplorer = { outlook };
  const begin = () => document.querySelectorAll(".cl-explorer").forEach(start);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
