/* What the pages that a reader can touch have in common: sliders, a frame to draw in, numbers as words. */
window.clTouch = (() => {
  "use strict";
  const WIDEST = 640, LEFT = 64, RIGHT = 14, TOP = 34, BOTTOM = 52;
  const NS = "http://www.w3.org/2000/svg";
  const WORD = { fill: "currentColor", "font-size": 14 };

  function text(value) {
    if (!Number.isFinite(value)) return "infinite";
    return (Math.abs(value) < 5e-4 ? 0 : value).toFixed(3).replace("-", "−");
  }

  const short = (value) => String(Number(value.toPrecision(2)));

  function element(parent, name, attributes, words) {
    const made = document.createElementNS(NS, name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    if (words !== undefined) made.textContent = words;
    parent.append(made);
    return made;
  }

  // Drawn at the width it is shown in: text keeps its size on a phone.
  const width = (place) => Math.max(280, Math.min(WIDEST, place.clientWidth || WIDEST));

  /** Empty `place` and draw a frame: each axis has its low and high end and its ticks, pairs of a value and a word. */
  function frame(place, { name, said, height, across, up, above, below }) {
    const box = { left: LEFT, right: width(place) - RIGHT, top: TOP, bottom: height - BOTTOM };
    const x = (value) => box.left + ((box.right - box.left) * (value - across.low)) / (across.high - across.low);
    const y = (value) => box.top + ((box.bottom - box.top) * (up.high - value)) / (up.high - up.low);
    place.replaceChildren();
    const svg = element(place, "svg", { viewBox: `0 0 ${width(place)} ${height}`, role: "img" });
    element(svg, "title", {}, said);
    const defs = element(svg, "defs", {}), clip = element(defs, "clipPath", { id: `cl-${name}-frame` });
    element(clip, "rect", { x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top });
    const grid = { stroke: "currentColor", "stroke-opacity": 0.14 };
    up.ticks.forEach(([value, word]) => {
      element(svg, "line", { x1: box.left, x2: box.right, y1: y(value), y2: y(value), ...grid });
      element(svg, "text", { x: box.left - 8, y: y(value) + 5, "text-anchor": "end", ...WORD }, word);
    });
    across.ticks.forEach(([value, word]) => {
      element(svg, "line", { x1: x(value), x2: x(value), y1: box.top, y2: box.bottom, ...grid });
      element(svg, "text", { x: x(value), y: box.bottom + 20, "text-anchor": "middle", ...WORD }, word);
    });
    element(svg, "text", { x: box.left, y: 18, ...WORD }, above);
    const middle = { x: (box.left + box.right) / 2, y: height - 8, "text-anchor": "middle" };
    element(svg, "text", { ...middle, ...WORD }, below);
    const inner = element(svg, "g", { "clip-path": `url(#cl-${name}-frame)` });
    return { svg, defs, inner, box, x, y };
  }

  /** Put sliders in the place of the static picture; `update` gets their values, now and whenever one moves. */
  function bind(root, update) {
    const inputs = [...root.querySelectorAll("input[type=range]")], live = root.querySelector(".cl-live");
    const by = Object.fromEntries(inputs.map((input) => [input.name, input]));
    const value = (input) => ("log" in input.dataset ? 10 ** Number(input.value) : Number(input.value));

    function read() {
      by.specific.max = String(Number(by.parameters.value) - 1);
      inputs.forEach((input) => {
        const words = "log" in input.dataset ? short(value(input)) : input.value;
        root.querySelector(`output[for="${input.id}"]`).textContent = words;
        input.setAttribute("aria-valuetext", words);
      });
      update(Object.fromEntries(inputs.map((input) => [input.name, value(input)])));
    }

    root.querySelectorAll("form").forEach((form) => {
      form.hidden = false;
      form.addEventListener("submit", (event) => event.preventDefault());
    });
    root.querySelector(".cl-static").hidden = true;
    live.hidden = false;
    root.addEventListener("input", read);
    root.querySelector("button").addEventListener("click", () => {
      inputs.forEach((input) => { input.max = input.dataset.max; input.value = input.defaultValue; });
      read();
    });
    read();
    window.addEventListener("resize", read);
  }

  /** Bring every `selector` of the page to life; `make` takes one and returns its `update`. */
  function start(selector, make) {
    const begin = () => document.querySelectorAll(selector).forEach((root) => bind(root, make(root)));
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
    else begin();
  }

  /** Write rows of words into the cells of the table. */
  function fill(root, rows) {
    root.querySelectorAll("tbody tr").forEach((row, number) => {
      row.querySelectorAll("td").forEach((cell, column) => { cell.textContent = rows[number][column]; });
    });
  }

  return { text, short, element, width, frame, start, fill };
})();
