"""What a shared link shows: a title, a description and a picture that is there, once the site's address is set, and not before."""

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

ADDRESS = "https://example.org/companion/"


@pytest.fixture
def front(tmp_path):
    """Build a page for a site with this address; return its tags by property, and the folder."""

    def build(address):
        (tmp_path / "index.md").write_text("# A question\n\nAn answer in one sentence.\n", encoding="utf-8")
        settings = {
            "extensions": ["myst_parser", "cl_book.pages.social_card"],
            "project": "A companion",
            "html_baseurl": address,
            "exclude_patterns": ["_build"],
        }
        out = tmp_path / "_build"
        with patch_docutils(), docutils_namespace():
            app = Sphinx(tmp_path, None, out, out / ".doctrees", "html", confoverrides=settings, status=None)
            app.build()
        soup = BeautifulSoup((out / "index.html").read_text(encoding="utf-8"), "html.parser")
        return {tag["property"]: tag["content"] for tag in soup.find_all("meta", property=True)}, out

    return build


@pytest.mark.slow
def test_an_address_brings_title_description_and_picture(front):
    tags, out = front(ADDRESS)
    assert tags["og:title"] == "A question"
    assert tags["og:site_name"] == "A companion"
    assert tags["og:url"].startswith(ADDRESS)
    assert "An answer in one sentence." in tags["og:description"]
    picture = tags["og:image"]
    assert picture.startswith(ADDRESS)
    assert (out / picture.removeprefix(ADDRESS)).read_bytes().startswith(b"\x89PNG")


def test_without_an_address_there_is_none(front):
    tags, _ = front("")
    assert not [name for name in tags if name.startswith("og:")]
