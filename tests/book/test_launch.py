"""Launch and repository buttons: there once an address is set, and not before."""

from types import SimpleNamespace

import pytest
import yaml
from cl_book import launch

from cl_core import files


def options_for(url):
    """Return the theme's options after the extension has seen the repository's address `url`."""
    config = SimpleNamespace(html_theme_options={"repository_url": url, "use_repository_button": False})
    launch._buttons(None, config)
    return config.html_theme_options


def test_an_address_brings_the_buttons():
    options = options_for("https://github.com/someone/companion")
    assert options["launch_buttons"]["binderhub_url"] == launch.BINDER
    assert options["launch_buttons"]["colab_url"] == launch.COLAB
    assert options["use_repository_button"]
    assert options["use_issues_button"]


@pytest.mark.parametrize("url", ["", None])
def test_without_an_address_there_are_none(url):
    options = options_for(url)
    assert "launch_buttons" not in options
    assert not options["use_repository_button"]


def test_the_address_has_one_place():
    config = yaml.safe_load(files.read_text("_config.yml"))
    assert set(config["repository"]) == {"url"}
    assert "launch_buttons" not in config
    assert "repository_url" not in config["sphinx"]["config"]["html_theme_options"]
