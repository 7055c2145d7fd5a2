// What is wrong with the layout of the page that is open. Each function returns a list of sentences; empty is good.

const layout = {
  seen(element) {
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    return box.width > 1 && box.height > 1 && style.visibility !== "hidden" && style.display !== "none";
  },

  name(element) {
    const classes = typeof element.className === "string" ? element.className : element.className.baseVal;
    return element.tagName.toLowerCase() + (element.id ? "#" + element.id : "") + (classes ? "." + classes.trim().split(/\s+/).join(".") : "");
  },

  onScreen(element) {
    const box = element.getBoundingClientRect();
    return layout.seen(element) && box.right > 0 && box.left < innerWidth;
  },

  // Search fields that a reader can see, and buttons that look like one.
  searchFields() {
    return [...document.querySelectorAll("input[type=search], input[name=q], .search-button-field")].filter(layout.onScreen).map(layout.name);
  },

  // What makes the page itself scroll sideways.
  overflow() {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth + 1) return [];
    const wide = [...document.querySelectorAll("main *")].filter(
      (element) => layout.seen(element) && element.getBoundingClientRect().right > root.clientWidth + 1 && !layout.scrolled(element),
    );
    return [`page is ${root.scrollWidth} px wide, the screen ${root.clientWidth} px: ${wide.slice(0, 5).map(layout.name).join(", ")}`];
  },

  // Whether an element lies in a box that scrolls or cuts by itself.
  scrolled(element) {
    for (let box = element.parentElement; box && box !== document.body; box = box.parentElement) {
      if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(box).overflowX)) return true;
    }
    return false;
  },

  // Figures that leave the column of text.
  figures() {
    const column = document.querySelector("article.bd-article");
    if (!column) return [];
    const { left, right } = column.getBoundingClientRect();
    return [...column.querySelectorAll("figure, figure svg, img")]
      .filter(layout.seen)
      .filter((element) => {
        const box = element.getBoundingClientRect();
        return box.left < left - 1 || box.right > right + 1;
      })
      .map((element) => `${layout.name(element)} leaves the column`);
  },

  // Neighbours in the text that lie on top of one another.
  overlaps() {
    const found = [];
    for (const parent of document.querySelectorAll("article.bd-article, article.bd-article section, article.bd-article .cell, figure")) {
      let above = null;
      for (const element of parent.children) {
        const style = getComputedStyle(element);
        if (!layout.seen(element) || style.position === "absolute" || style.float !== "none" || style.display.startsWith("inline")) continue;
        if (above && element.getBoundingClientRect().top < above.getBoundingClientRect().bottom - 1.5) {
          found.push(`${layout.name(element)} overlaps ${layout.name(above)}`);
        }
        above = element;
      }
    }
    return found;
  },

  // Text in figures that is too faint, or too small, to read. Text outside of figures is axe's part.
  figureText(least, smallest) {
    const found = [];
    for (const text of document.querySelectorAll("figure svg text")) {
      if (!layout.seen(text) || !text.textContent.trim()) continue;
      const ratio = layout.contrast(layout.rgb(getComputedStyle(text).fill), layout.ground(text));
      if (ratio < least) found.push(`"${text.textContent.trim()}" has a contrast of ${ratio.toFixed(2)}`);
      const height = parseFloat(getComputedStyle(text).fontSize) * (text.ownerSVGElement.getBoundingClientRect().width / text.ownerSVGElement.viewBox.baseVal.width);
      if (height < smallest) found.push(`"${text.textContent.trim()}" is ${height.toFixed(1)} px high`);
    }
    return found;
  },

  // Words of a figure that lie on top of other words of it, or leave it. What is slanted is left out: its box is no
  // measure of it.
  figureWords() {
    const found = [];
    for (const svg of [...document.querySelectorAll("figure svg[data-figure]")].filter(layout.seen)) {
      const edge = svg.getBoundingClientRect();
      const level = (text) => Math.abs(text.getCTM().a) < 0.01 || Math.abs(text.getCTM().b) < 0.01;
      const words = [...svg.querySelectorAll("text")].filter((text) => text.textContent.trim() && level(text));
      const boxes = words.map((text) => [text.textContent.trim(), text.getBoundingClientRect()]);
      boxes.forEach(([word, one], place) => {
        const outside = Math.max(edge.left - one.left, one.right - edge.right, edge.top - one.top, one.bottom - edge.bottom);
        if (outside > 3) found.push(`"${word}" leaves ${svg.dataset.figure}`);
        for (const [other, two] of boxes.slice(0, place)) {
          const across = Math.min(one.right, two.right) - Math.max(one.left, two.left);
          const down = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top);
          if (across > 2 && down > 4) found.push(`"${word}" lies on "${other}" in ${svg.dataset.figure}`);
        }
      });
    }
    return found;
  },

  ground(element) {
    for (let box = element.closest("svg").parentElement; box; box = box.parentElement) {
      const colour = getComputedStyle(box).backgroundColor;
      if (colour && !/rgba\(.*, 0\)|transparent/.test(colour)) return layout.rgb(colour);
    }
    return [255, 255, 255];
  },

  rgb(colour) {
    return colour.match(/[\d.]+/g).slice(0, 3).map(Number);
  },

  luminance(rgb) {
    const [r, g, b] = rgb.map((value) => value / 255).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  },

  contrast(one, other) {
    const [bright, dark] = [layout.luminance(one), layout.luminance(other)].sort((a, b) => b - a);
    return (bright + 0.05) / (dark + 0.05);
  },

  // Boxes that scroll sideways and cannot be reached by keyboard.
  unreachable() {
    return [...document.querySelectorAll("article *")]
      .filter((box) => ["auto", "scroll"].includes(getComputedStyle(box).overflowX) && box.scrollWidth > box.clientWidth + 1)
      .filter((box) => layout.seen(box) && box.tabIndex < 0 && !box.querySelector("a[href], button, input, [tabindex='0']"))
      .map((box) => `${layout.name(box)} scrolls, but not by keyboard`);
  },

  // Code and outputs with a line that runs out of their box.
  cutCode() {
    return [...document.querySelectorAll("article pre")]
      .filter((code) => layout.seen(code) && code.scrollWidth > code.clientWidth + 1)
      .map((code) => `cut by ${code.scrollWidth - code.clientWidth} px: ${code.textContent.trim().slice(0, 60)}`);
  },

  // Tables that reach beyond a phone's screen, so that a column is hidden until somebody scrolls.
  hiddenColumns() {
    if (innerWidth > 600) return [];
    return [...document.querySelectorAll("article table")].filter(layout.seen).flatMap((table) => {
      const box = table.closest(".cl-scroll, .pst-scrollable-table-container") || table.parentElement;
      const beyond = box.scrollWidth - box.clientWidth;
      return beyond > 1 ? [`${table.innerText.trim().slice(0, 60)} reaches ${beyond} px beyond the screen`] : [];
    });
  },

  // Lines that begin with the full stop or comma after a chip.
  looseStops() {
    return [...document.querySelectorAll("article .cl-chip")].filter(layout.seen).flatMap((chip) => {
      let place = chip;
      while (place && !place.nextSibling) place = place.parentElement;
      const text = place && place.nextSibling;
      if (!text || text.nodeType !== Node.TEXT_NODE || !/^[.,;:)]/.test(text.data)) return [];
      const stop = document.createRange();
      stop.setStart(text, 0);
      stop.setEnd(text, 1);
      const ends = [...chip.getClientRects()].pop().bottom;
      return stop.getBoundingClientRect().top > ends - 3 ? [`a line begins with the stop after ${chip.textContent}`] : [];
    });
  },

  // Words and numbers of a table that go on in a second line, in what is folded away too. Code may: its names are longer
  // than a column.
  brokenWords() {
    const found = [];
    const range = document.createRange();
    const goesOn = (text, start, end) => {
      range.setStart(text, start);
      range.setEnd(text, end);
      return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1;
    };
    const folds = [...document.querySelectorAll("article details:not([open])")];
    folds.forEach((fold) => (fold.open = true));
    for (const cell of [...document.querySelectorAll("article :is(td, th)")].filter(layout.seen)) {
      const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
      while (texts.nextNode()) {
        const text = texts.currentNode;
        if (text.parentElement.closest("code, svg, mjx-container") || !text.parentElement.checkVisibility()) continue;
        if (!goesOn(text, 0, text.length)) continue;
        for (const word of text.data.matchAll(/(?:(?<![\p{L}\d])[−-])?\d[\d.,]*\d|\p{L}{2,}/gu)) {
          if (goesOn(text, word.index, word.index + word[0].length)) found.push(`${word[0]} is broken`);
        }
      }
    }
    folds.forEach((fold) => (fold.open = false));
    return found;
  },

  // Formulas that were not set, or were set with an error.
  maths() {
    const found = [...document.querySelectorAll("mjx-merror, [data-mjx-error]")].map((error) => `error in ${error.textContent}`);
    const unset = [...document.querySelectorAll("span.math, div.math")].filter((math) => !math.querySelector("mjx-container"));
    return found.concat(unset.map((math) => `not set: ${math.textContent.trim().slice(0, 60)}`));
  },

  // Leave out what axe need not look at, or not again: paths of formulas and figures (`maths` and `figureText` are for
  // those), and each kind of word in code after its first.
  thin() {
    document.querySelectorAll("mjx-container > svg, figure svg > g").forEach((drawn) => drawn.replaceChildren());
    const kinds = new Set();
    for (const word of document.querySelectorAll(".highlight pre span[class]")) {
      const kind = `${word.className} ${word.closest(".cell_output") ? "output" : "input"}`;
      if (kinds.has(kind)) word.replaceWith(...word.childNodes);
      kinds.add(kind);
    }
    document.querySelectorAll(".highlight pre").forEach((code) => code.normalize());
  },

  // Headings that jump over a level, and pages without exactly one of the first.
  headings() {
    const levels = [...document.querySelectorAll("article :is(h1, h2, h3, h4, h5, h6)")].filter(layout.seen).map((h) => Number(h.tagName[1]));
    const found = levels.filter((level) => level === 1).length === 1 ? [] : [`${levels.filter((l) => l === 1).length} headings of the first level`];
    levels.forEach((level, i) => {
      if (i > 0 && level > levels[i - 1] + 1) found.push(`a heading of level ${level} after one of level ${levels[i - 1]}`);
    });
    return found;
  },
};
