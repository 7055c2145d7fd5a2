// Boxes that scroll sideways can be reached, and then scrolled, by keyboard. Formulas longer than their line scroll too.

(function () {
  function wide(box) {
    return box.scrollWidth > box.clientWidth + 1 && ["auto", "scroll"].includes(getComputedStyle(box).overflowX);
  }

  // A formula is as wide as its drawing: boxes around it differ by a rounded pixel.
  function longer(formula) {
    const drawing = formula.querySelector("svg");
    return drawing !== null && drawing.getBoundingClientRect().width > formula.clientWidth + 1;
  }

  function reach() {
    for (const formula of document.querySelectorAll("article span.math")) {
      formula.classList.toggle("cl-wide", longer(formula));
      if (longer(formula)) formula.tabIndex = 0;
      else formula.removeAttribute("tabindex");
    }
    const boxes = "article mjx-container[display=true], article div.math, article pre, article .cl-scroll, article .pst-scrollable-table-container";
    for (const box of document.querySelectorAll(boxes)) {
      if (wide(box)) box.tabIndex = 0;
    }
  }

  window.addEventListener("load", function () {
    reach();
    window.addEventListener("resize", reach);
    if (window.MathJax && MathJax.startup && MathJax.startup.promise) MathJax.startup.promise.then(reach);
  });
})();

// On a phone a table that is wider than the screen becomes cards: each row one, each cell named by its column.
(function () {
  const phone = window.matchMedia("(max-width: 600px)");

  function name(table) {
    const heads = Array.from(table.tHead.rows[table.tHead.rows.length - 1].cells, (head) => head.textContent.trim());
    for (const row of Array.from(table.tBodies).flatMap((body) => Array.from(body.rows))) {
      Array.from(row.cells).forEach((cell, place) => (cell.dataset.label = heads[place] || ""));
    }
  }

  function turn() {
    for (const table of document.querySelectorAll("article table:not(.cl-cards), article table.cl-labelled")) {
      const box = table.closest(".cl-scroll, .pst-scrollable-table-container");
      if (box === null || table.tHead === null) continue;
      table.classList.remove("cl-cards", "cl-labelled");
      const narrow = box.scrollWidth <= box.clientWidth + 1 && !box.matches(".cl-parameters");
      if (!phone.matches || narrow) continue;
      name(table);
      table.classList.add("cl-cards", "cl-labelled");
    }
  }

  // Cards are longer than rows: a place that the address names has moved since the browser went there.
  window.addEventListener("load", () => {
    turn();
    const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (place !== null && phone.matches) place.scrollIntoView({ behavior: "instant" });
  });
  phone.addEventListener("change", turn);
})();

// Formulas are broken by hand for a narrow column. Where there is room a line that goes on is joined again before it is set;
// one that turns out longer than its box is set broken.
(function () {
  const BREAK = /\\\\\s*&\s*\\quad\s*(\{\})?/g;
  const broken = new Map();

  function join() {
    for (const formula of document.querySelectorAll("article div.math")) {
      if (formula.clientWidth < 560 || formula.textContent.search(BREAK) < 0) continue;
      for (const leaf of formula.childNodes) {
        if (leaf.nodeType !== Node.TEXT_NODE || leaf.data.search(BREAK) < 0) continue;
        broken.set(formula, leaf.data);
        leaf.data = leaf.data.replace(BREAK, " ");
      }
    }
  }

  async function restore() {
    for (const [formula, source] of broken) {
      const drawn = formula.querySelector("mjx-container > svg");
      const number = formula.querySelector(".eqno");
      const room = formula.clientWidth - (number === null ? 0 : number.offsetWidth + 16);
      if (drawn === null || drawn.getBoundingClientRect().width <= room) continue;
      MathJax.typesetClear([formula]);
      formula.querySelector("mjx-container").replaceWith(source);
      await MathJax.typesetPromise([formula]);
    }
  }

  if (window.MathJax === undefined) return;
  MathJax.startup = {
    pageReady() {
      join();
      return MathJax.startup.defaultPageReady().then(restore);
    },
  };
})();

// The heads of a sortable table become buttons: first press sorts downwards, the next upwards. Cells without a number go last.
(function () {
  function key(cell) {
    const number = cell.querySelector(".cl-number");
    if (number === null) return cell.textContent.trim();
    const value = parseFloat(number.textContent.replace("−", "-"));
    return Number.isNaN(value) ? null : value;
  }

  function sort(table, place, down) {
    const body = table.tBodies[0];
    const rows = Array.from(body.rows).map((row) => [key(row.cells[place]), row]);
    rows.sort(function ([a], [b]) {
      if (a === null || b === null) return (a === null) - (b === null);
      const order = typeof a === "number" ? a - b : a.localeCompare(b);
      return down ? -order : order;
    });
    body.append(...rows.map(([, row]) => row));
  }

  window.addEventListener("DOMContentLoaded", function () {
    for (const table of document.querySelectorAll(".cl-sortable table")) {
      const heads = Array.from(table.tHead.rows[0].cells);
      heads.forEach(function (head, place) {
        const button = document.createElement("button");
        button.className = "cl-sort";
        button.append(...(head.querySelector("p") || head).childNodes);
        (head.querySelector("p") || head).append(button);
        button.addEventListener("click", function () {
          const down = head.getAttribute("aria-sort") !== "descending";
          heads.forEach((other) => other.removeAttribute("aria-sort"));
          head.setAttribute("aria-sort", down ? "descending" : "ascending");
          sort(table, place, down);
        });
      });
    }
  });
})();
