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
