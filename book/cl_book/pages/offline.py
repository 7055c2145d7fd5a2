"""Keep pages offline: drop thebe, which jupyter-book always loads and which fetches code from a network."""

from sphinx.application import Sphinx
from sphinx.config import Config


def setup(app: Sphinx) -> None:
    """Wait until every extension is set up, then undo thebe's."""
    app.connect("config-inited", _drop_thebe)


def _drop_thebe(app: Sphinx, _config: Config) -> None:
    handlers = [each for listeners in app.events.listeners.values() for each in listeners]
    for listener in handlers:
        if listener.handler.__module__.startswith("sphinx_thebe"):
            app.disconnect(listener.id)
    app.registry.css_files[:] = [each for each in app.registry.css_files if each[0] != "sphinx-thebe.css"]
