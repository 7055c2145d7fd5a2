/* The map of chapter 4 to touch: where frozen training gains, where no update is best. The formulas are the core's. */
(() => {
  "use strict";
  const { learnedShare, variance, oneUpdate } = window.clStep;
  const { text, short, element, width, frame, start, fill } = window.clTouch;

  // Both axes of the map in powers of ten, and how many points of it carry letters (those of the static picture).
  const FAR = { low: -2, high: 1 }, LEFT_OVER = { low: -3, high: 0 }, POINTS = 61;
  const LETTERS = ["neither", "F", "G", "F G"], PEAK = "peak", IDLE = "∅", LEAST_PART = 0.03;
  const WORDS = [
    "gains in neither measure", "gains in forgetting, not in mean loss",
    "gains in mean loss, not in forgetting", "gains in forgetting and in mean loss",
  ];
  // Curves are computed a little beyond the frame, so that they run out of it.
  const COLUMNS = 240, BEYOND = { low: 1e-6, high: 10 };

  /** Squared old error in u and q (cl_core.linear.phase.old_error, with `left` for 1 − learned). */
  const oldError = ({ parameters, specific, left }) => ({
    shared: (left * (parameters - specific)) / parameters,
    own: specific / parameters,
  });

  /** The three measures of the three answers (cl_core.linear.phase.compare). */
  function compare(settings) {
    const { parameters, specific, samples, noise, placed, distance } = settings;
    const error = oldError(settings), far = { shared: (1 - placed) * distance, own: placed * distance };
    const old = error.shared + error.own;
    const measures = (update) => ({ ...update, meanLoss: (old + update.forgetting + update.newLoss) / 2 });
    const frozen = oneUpdate(specific, samples, {
      drift: far.own, repairable: error.own, noise,
      gapTrained: far.own + error.own, gapFrozen: far.shared + error.shared,
    });
    const initialized = oneUpdate(parameters, samples, {
      drift: distance, repairable: old, noise,
      gapTrained: distance + old, gapFrozen: 0,
    });
    return {
      frozen: measures(frozen),
      initialized: measures(initialized),
      unchanged: { forgetting: 0, newLoss: distance + old, meanLoss: old + distance / 2 },
    };
  }

  /** What frozen training gains over initialized, and no update over each of the two (Outcomes.gain, idle_gain). */
  function gains({ frozen, initialized, unchanged }) {
    return {
      forgetting: initialized.forgetting - frozen.forgetting,
      newLoss: initialized.newLoss - frozen.newLoss,
      meanLoss: initialized.meanLoss - frozen.meanLoss,
      overFrozen: frozen.meanLoss - unchanged.meanLoss,
      overInitialized: initialized.meanLoss - unchanged.meanLoss,
      idle: Math.min(frozen.meanLoss, initialized.meanLoss) - unchanged.meanLoss,
    };
  }

  /** Frozen training's gains as lines in the distance (cl_core.linear.phase.gain_lines). */
  function gainLines(settings) {
    const { parameters, specific, samples, noise, placed } = settings, { shared, own } = oldError(settings);
    const few = learnedShare(specific, samples), all = learnedShare(parameters, samples);
    const addedFew = variance(specific, samples, 1), addedAll = variance(parameters, samples, 1);
    const noisy = (1 - placed) * addedFew;
    return {
      atZero: few * own - all * (shared + own) - addedFew * shared + (addedAll - addedFew) * noise ** 2,
      forgetting: all - placed * few - noisy,
      newLoss: placed * few - all - noisy,
      meanLoss: -noisy,
    };
  }

  /** Where in `BEYOND` a gain, linear in the error left, is positive: [low, high], or null. */
  function positive(atLow, atHigh) {
    const { low, high } = BEYOND;
    if (!(atLow > 0 || atHigh > 0)) return null;
    if (atLow > 0 && atHigh > 0) return [low, high];
    const zero = low + ((high - low) * atLow) / (atLow - atHigh);
    return atLow > 0 ? [low, zero] : [zero, high];
  }

  /** The three regions, each a list of columns [power of D, error left from, to]; null where the column has none. */
  function regions(settings) {
    const found = { forgetting: [], meanLoss: [], idle: [] };
    for (let column = -2; column <= COLUMNS + 2; column += 1) {
      const power = FAR.low + ((FAR.high - FAR.low) * column) / COLUMNS;
      const at = (left) => gains(compare({ ...settings, distance: 10 ** power, left }));
      const low = at(BEYOND.low), high = at(BEYOND.high), within = (name) => positive(low[name], high[name]);
      // As on the static map, an infinite gain is no gain: the rival trains at the peak.
      const finite = (name) => (Number.isFinite(low[name]) && Number.isFinite(high[name]) ? within(name) : null);
      const [one, other] = [within("overFrozen"), within("overInitialized")];
      const both = one && other && [Math.max(one[0], other[0]), Math.min(one[1], other[1])];
      Object.entries({ forgetting: finite("forgetting"), meanLoss: finite("meanLoss"), idle: both }).forEach(
        ([name, span]) => found[name].push(span && span[0] < span[1] ? [power, ...span] : null),
      );
    }
    return found;
  }

  /** Which of the two gains is positive: the place in `LETTERS` and in `WORDS`. */
  const kind = ({ forgetting, meanLoss }) => (forgetting > 0 ? 1 : 0) + (meanLoss > 0 ? 2 : 0);

  /** What is written over a point: which of the two gains is positive, and whether no update is best. */
  function lettersAt(settings) {
    const gain = gains(compare(settings));
    const letters = Number.isFinite(gain.meanLoss) ? LETTERS[kind(gain)] : PEAK;
    return gain.idle > 0 ? `${letters} ${IDLE}` : letters;
  }

  /** The point furthest inside a region, of several the one nearest to their centre (cl_book.figures.phase_regions). */
  function innermost(inside) {
    const depth = new Int16Array(POINTS * POINTS);
    const outside = (row, column) => row < 0 || column < 0 || row >= POINTS || column >= POINTS;
    const at = (row, column) => (outside(row, column) ? 0 : depth[row * POINTS + column]);
    const steps = [...depth.keys()].map((place) => [Math.floor(place / POINTS), place % POINTS]);
    steps.forEach(([row, column], place) => {
      depth[place] = inside[place] ? 1 + Math.min(at(row - 1, column), at(row, column - 1)) : 0;
    });
    steps.reverse().forEach(([row, column]) => {
      const place = row * POINTS + column;
      depth[place] = Math.min(depth[place], 1 + Math.min(at(row + 1, column), at(row, column + 1)));
    });
    const deepest = Math.max(...depth);
    const places = steps.reverse().filter(([row, column]) => at(row, column) === deepest);
    const centre = [0, 1].map((axis) => places.reduce((sum, place) => sum + place[axis], 0) / places.length);
    const away = ([row, column]) => (row - centre[0]) ** 2 + (column - centre[1]) ** 2;
    return places.reduce((best, place) => (away(place) < away(best) ? place : best));
  }

  /** The words of the map, each with the powers of D and of the error left at which it stands. */
  function letters(settings) {
    const across = (column) => FAR.low + ((FAR.high - FAR.low) * column) / (POINTS - 1);
    const up = (row) => LEFT_OVER.high + ((LEFT_OVER.low - LEFT_OVER.high) * row) / (POINTS - 1);
    const words = Array.from({ length: POINTS * POINTS }, (_, place) => lettersAt({
      ...settings, distance: 10 ** across(place % POINTS), left: 10 ** up(Math.floor(place / POINTS)),
    }));
    return [...new Set(words)].map((word) => [word, words.map((other) => other === word)])
      .filter(([, inside]) => inside.filter(Boolean).length / inside.length > LEAST_PART)
      .map(([word, inside]) => {
        const [row, column] = innermost(inside);
        return { word, distance: across(column), left: up(row) };
      });
  }

  /** The chosen point in words: who gains in what, who has the least mean loss, what closer tasks would change. */
  function sentence(settings) {
    const outcomes = compare(settings), gain = gains(outcomes), slope = gainLines(settings);
    const here = `At D = ${short(settings.distance)} and λ = ${short(settings.left)}`;
    let best = gain.meanLoss > 0 ? "frozen training" : "initialized training";
    if (gain.idle > 0) best = "no update";
    const rest = `Of the three, ${best} has the least mean loss.`;
    const infinite = ["frozen", "initialized"].filter((name) => !Number.isFinite(outcomes[name].meanLoss));
    if (infinite.length) {
      return `${here}, the expected loss of ${infinite.join(" and ")} training is infinite: as many parameters train `
        + `as there are samples, give or take one. ${rest}`;
    }
    const trend = (value) => (value < 0 ? "grows" : value > 0 ? "shrinks" : "stays the same");
    return `${here}, frozen training ${WORDS[kind(gain)]}. ${rest} As the tasks come closer, `
      + `its gain in forgetting ${trend(slope.forgetting)} and its gain in mean loss ${trend(slope.meanLoss)}.`;
  }

  /** A region's outline: along the upper ends of its columns and back along the lower ones. */
  function outline(columns, x, y) {
    const point = (power, left) => `${x(power).toFixed(2)} ${y(Math.log10(left)).toFixed(2)}`;
    let path = "", run = [];
    [...columns, null].forEach((column) => {
      if (column) { run.push(column); return; }
      if (run.length > 1) {
        const there = run.map(([power, from]) => point(power, from));
        const back = run.map(([power, , to]) => point(power, to));
        path += `M${[...there, ...back.reverse()].join("L")}Z`;
      }
      run = [];
    });
    return path;
  }

  function hatch(defs, id, turn) {
    const size = { width: 9, height: 9, patternUnits: "userSpaceOnUse", patternTransform: `rotate(${turn})` };
    const pattern = element(defs, "pattern", { id, ...size });
    element(pattern, "line", { x1: 4.5, x2: 4.5, y1: 0, y2: 9, stroke: "currentColor", "stroke-opacity": 0.75 });
  }

  function write(svg, box, cx, cy, words) {
    const ground = element(svg, "rect", { fill: "var(--cl-paper)", rx: 3 });
    const look = { "font-size": 14, fill: "currentColor", "text-anchor": "middle", class: "cl-letters" };
    const written = element(svg, "text", { x: cx, y: cy + 5, ...look }, words);
    const half = written.getBBox().width / 2 + 5;
    const x = Math.min(Math.max(cx, box.left + half), box.right - half);
    written.setAttribute("x", x);
    const around = { x: x - half, y: cy - 11, width: 2 * half, height: 22 };
    Object.entries(around).forEach(([key, value]) => ground.setAttribute(key, value));
  }

  function draw(place, settings, said) {
    const powers = [-3, -2, -1, 0, 1].map((power) => [power, short(10 ** power)]);
    const ticks = ({ low, high }) => powers.filter(([power]) => low <= power && power <= high);
    const drawn = frame(place, {
      name: "phase-map",
      said: `Map over the distance and the error left in u: ${said}`,
      height: Math.round(160 + 0.45 * width(place)),
      across: { ...FAR, ticks: ticks(FAR) },
      up: { low: LEFT_OVER.high, high: LEFT_OVER.low, ticks: ticks(LEFT_OVER) },
      above: "error left in u, λ",
      below: "squared distance D",
    });
    const { svg, defs, inner, box, x, y } = drawn, found = regions(settings);
    [["forgetting", "--cl-1", 45], ["meanLoss", "--cl-2", -45]].forEach(([name, colour, turn]) => {
      const d = outline(found[name], x, y);
      hatch(defs, `cl-hatch-${name}`, turn);
      element(inner, "path", { d, fill: `var(${colour})`, "fill-opacity": 0.28, class: `cl-region-${name}` });
      element(inner, "path", { d, fill: `url(#cl-hatch-${name})`, stroke: `var(${colour})`, "stroke-width": 2 });
    });
    const dots = { "stroke-width": 2.4, "stroke-dasharray": "0.1 5", "stroke-linecap": "round" };
    const line = { fill: "none", stroke: "currentColor" };
    element(inner, "path", { d: outline(found.idle, x, y), class: "cl-region-idle", ...line, ...dots });
    const edge = { x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top };
    element(svg, "rect", { ...edge, ...line });
    letters(settings).forEach(({ word, distance, left }) => write(svg, box, x(distance), y(left), word));
    const [cx, cy] = [x(Math.log10(settings.distance)), y(Math.log10(settings.left))];
    element(svg, "circle", { cx, cy, r: 9, fill: "none", stroke: "var(--cl-paper)", "stroke-width": 6 });
    element(svg, "circle", { cx, cy, r: 9, ...line, "stroke-width": 2.4 });
    element(svg, "circle", { cx, cy, r: 2.6, fill: "currentColor", stroke: "var(--cl-paper)" });
    return drawn;
  }

  start(".cl-phase-map", (root) => {
    const live = root.querySelector(".cl-live"), said = root.querySelector(".cl-said");
    let drawn;

    /** Move the chosen point to where the pointer is, by way of its two sliders. */
    function choose(event) {
      const { svg, box } = drawn, seen = svg.getBoundingClientRect(), scale = svg.viewBox.baseVal.width / seen.width;
      const along = (scale * (event.clientX - seen.left) - box.left) / (box.right - box.left);
      const down = (scale * (event.clientY - seen.top) - box.top) / (box.bottom - box.top);
      root.querySelector("[name=distance]").value = FAR.low + along * (FAR.high - FAR.low);
      const left = root.querySelector("[name=left]");
      left.value = LEFT_OVER.low + down * (LEFT_OVER.high - LEFT_OVER.low);
      left.dispatchEvent(new Event("input", { bubbles: true }));
    }

    live.addEventListener("click", choose);
    // A finger that moves scrolls the page; a mouse that is held drags the point.
    live.addEventListener("pointermove", (event) => {
      if (event.pointerType === "mouse" && event.buttons === 1) choose(event);
    });
    return (settings) => {
      const outcomes = compare(settings);
      said.textContent = sentence(settings);
      drawn = draw(live, settings, said.textContent);
      const answers = [outcomes.frozen, outcomes.initialized, outcomes.unchanged];
      fill(root, answers.map((one) => [text(one.forgetting), text(one.newLoss), text(one.meanLoss)]));
    };
  });

  window.clPhaseMap = { compare, gains, gainLines, letters, sentence };
})();
