"""Ways out of the page that need a repository's address: launch and repository buttons, only once one is set."""

from sphinx.application import Sphinx
from sphinx.config import Config

BINDER, COLAB = "https://mybinder.org", "https://colab.research.google.com"


def setup(app: Sphinx) -> None:
    """Look at the address after jupyter-book has put it among the theme's options."""
    app.connect("config-inited", _buttons)


def _buttons(_app: Sphinx, config: Config) -> None:
    """Offer Binder and Colab on chapters, and the repository and its issues on every page, if `repository.url` is set."""
    options = config.html_theme_options
    if not options.get("repository_url"):
        return
    options["launch_buttons"] = {"binderhub_url": BINDER, "colab_url": COLAB, "notebook_interface": "jupyterlab"}
    options.update(use_repository_button=True, use_issues_button=True)
