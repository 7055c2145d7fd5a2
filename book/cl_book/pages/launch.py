"""Launch and repository buttons; they appear only once the repository's address is set."""

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.logging import getLogger

from cl_book.notebooks.notebook import FOLDER, is_setup, load

BINDER, COLAB = "https://mybinder.org", "https://colab.research.google.com"


def setup(app: Sphinx) -> None:
    """Look at the address after jupyter-book has put it among the theme's options."""
    app.connect("config-inited", _add_buttons)
    app.connect("builder-inited", _require_setup)


def _add_buttons(_app: Sphinx, config: Config) -> None:
    """Offer Binder and Colab on chapters, and the repository and its issues on every page, if `repository.url` is set."""
    options = config.html_theme_options
    address = options.get("repository_url")
    if not address:
        return
    options["launch_buttons"] = {"binderhub_url": BINDER, "notebook_interface": "jupyterlab"}
    # Colab opens notebooks from GitHub alone.
    if address.startswith("https://github.com/"):
        options["launch_buttons"]["colab_url"] = COLAB
    options.update(use_repository_button=True, use_issues_button=True)


def _require_setup(app: Sphinx) -> None:
    """Warn of a chapter that Colab would open without the cell that installs the package."""
    if not app.config.html_theme_options.get("launch_buttons", {}).get("colab_url"):
        return
    for path in sorted(Path(app.srcdir, FOLDER).glob("*.ipynb")):
        if not is_setup(load(path).cells[0]):
            getLogger(__name__).warning(
                "%s has no cell that installs the package on Colab; run make refresh", path.name
            )
