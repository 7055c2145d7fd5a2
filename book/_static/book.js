// Boxes that scroll sideways can be reached, and then scrolled, by keyboard.

(function () {
  function wide(box) {
    return box.scrollWidth > box.clientWidth + 1 && ["auto", "scroll"].includes(getComputedStyle(box).overflowX);
  }

  function reach() {
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
