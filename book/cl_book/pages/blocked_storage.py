"""Where a browser keeps no site data, the theme and the search would stop at the first look: a page then keeps them itself.

The theme reads `localStorage` in the head of every page, and a browser that blocks site data throws there. So before
anything else runs, storage that throws is replaced by one that lasts as long as the page.
"""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

SCRIPT = """<script>
(function () {
  for (const name of ["localStorage", "sessionStorage"]) {
    try {
      window[name].getItem("");
    } catch (blocked) {
      const kept = new Map();
      const storage = {
        getItem: (key) => (kept.has(String(key)) ? kept.get(String(key)) : null),
        setItem: (key, value) => void kept.set(String(key), String(value)),
        removeItem: (key) => void kept.delete(String(key)),
        clear: () => kept.clear(),
        key: (place) => [...kept.keys()][place] ?? null,
        get length() { return kept.size; },
      };
      Object.defineProperty(window, name, { configurable: true, value: storage });
    }
  }
})();
</script>
"""


def setup(app: Sphinx) -> None:
    """Put the script into every page, where the theme's own scripts come after it."""
    app.connect("html-page-context", _add_script)


def _add_script(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: nodes.document | None
) -> None:
    context["metatags"] = f"{context.get('metatags', '')}{SCRIPT}"
