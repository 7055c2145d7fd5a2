"""External links: the list is whole and well formed, and the report fails only for links that answered with an error."""

import re
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cl_book.pages import links
from cl_book.pages.links import classify, find_destinations, list_addresses, write_report
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from cl_core.streams.manifest import SOURCES

TOP = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def listed():
    return list_addresses(TOP)


NOBODY = (
    "HTTPSConnectionPool(host='a.org', port=443): Max retries exceeded with url: / (Caused by NameResolutionError("
    "\"HTTPSConnection(host='a.org', port=443): Failed to resolve 'a.org' ([Errno -2] Name or service not known)\"))"
)
GONE = "404 Client Error: Not Found for url: https://a.org/gone"


def misshapen(addresses):
    """Addresses that are not https, name no server of the world, or differ from another by a slash or by case."""
    parts = {each: urlsplit(each) for each in addresses}
    alike = Counter(each.rstrip("/").lower() for each in addresses)
    return sorted(
        each
        for each, part in parts.items()
        if part.scheme != "https" or "." not in part.netloc or alike[each.rstrip("/").lower()] > 1
    )


def entry(uri, status="working", info=""):
    """One line of linkcheck's output."""
    return {"filename": "book/index.md", "lineno": 1, "status": status, "code": 0, "uri": uri, "info": info}


def test_the_list_is_well_formed(listed):
    assert misshapen(listed) == []


@pytest.mark.parametrize(
    "address",
    [
        "http://arxiv.org/abs/2602.20796",
        "file:///home/someone/paper.pdf",
        "https://localhost/paper.pdf",
        "//arxiv.org/abs/2602.20796",
        "https://arxiv.org/abs/2602.20796/",
    ],
)
def test_an_ill_formed_address_is_seen(listed, address):
    assert address in misshapen([*listed, address])


def test_every_kind_of_source_is_in_the_list(listed):
    places = {place for found in listed.values() for place in found}
    assert {"README.md", "book/index.md", "book/references.bib", "CITATION.cff", "data set cub200"} <= places


def test_every_entry_of_the_bibliography_and_every_archive_is_in_the_list(listed):
    bibliography = (TOP / "book/references.bib").read_text(encoding="utf-8")
    urls = re.findall(r"^  url = \{(.+)\}", bibliography, flags=re.MULTILINE)
    assert len(urls) == bibliography.count("url =") > 10
    assert set(urls) | {archive.url for source in SOURCES.values() for archive in source.archives} <= set(listed)


def test_a_link_inside_the_readme_leads_somewhere():
    inner = [each for each in find_destinations((TOP / "README.md").read_text(encoding="utf-8")) if "//" not in each]
    assert inner
    assert [each for each in inner if not (TOP / each).exists()] == []


def test_links_of_markdown_are_found_in_every_spelling():
    text = "[a](https://a.org) <https://b.org> ![c](https://c.org/c.png) [d][1]\n\n[1]: ftp://d.org\n"
    assert find_destinations(text) == ["https://a.org", "https://b.org", "https://c.org/c.png", "ftp://d.org"]


@pytest.mark.parametrize(
    ("status", "info", "expected"),
    [
        ("working", "", ("ok", "")),
        ("redirected", "https://b.org", ("ok", "")),
        ("broken", GONE, ("broken", "404 Client Error: Not Found")),
        ("broken", "410 Client Error: Gone for url: https://a.org", ("broken", "410 Client Error: Gone")),
        ("broken", "Anchor 'there' not found", ("broken", "Anchor 'there' not found")),
        ("broken", NOBODY, ("not reached", "NameResolutionError")),
        ("broken", "429 Client Error: Too Many Requests for url: https://a.org", None),
        ("timeout", "HTTPSConnectionPool(host='a.org', port=443): Read timed out.", None),
        ("ignored", "service unavailable", ("not reached", "service unavailable")),
    ],
)
def test_what_is_said_of_a_link(status, info, expected):
    said = classify(entry("https://a.org", status, info))
    assert said == expected if expected else said[0] == "not reached"


def test_only_an_answer_that_is_an_error_fails():
    fine, lost = entry("https://a.org"), entry("https://b.org", "broken", NOBODY)
    gone, inner = entry("https://c.org", "broken", GONE), entry("#section", "unchecked")
    lines, broken = write_report([fine, lost, inner], {})
    assert not broken
    assert lines == [
        "ok           https://a.org",
        "not reached  https://b.org (NameResolutionError)",
        "2 links: 1 ok, 0 broken, 1 not reached",
    ]
    lines, broken = write_report([fine, gone], {"https://c.org": ["README.md", "book/index.md"]})
    assert broken
    assert lines[1] == "broken       https://c.org (404 Client Error: Not Found), in README.md, book/index.md"


def test_no_network_is_no_failure():
    lines, broken = write_report(
        [entry("https://a.org", "broken", NOBODY), entry("https://b.org", "broken", NOBODY)], {}
    )
    assert not broken
    assert lines[-1] == "There is no network: none of the 2 links was reached, and nothing is said of them."


class Server(BaseHTTPRequestHandler):
    """Answers every request, with an error where the address says so."""

    def do_GET(self):
        self.send_response(404 if self.path == "/gone" else 200)
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    """The address of a server on this machine."""
    with HTTPServer(("127.0.0.1", 0), Server) as running:
        threading.Thread(target=running.serve_forever).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.mark.parametrize(("readme", "status"), [("fine", 0), ("gone", 1)])
def test_sphinx_follows_the_links_of_pages_and_of_what_is_no_page(
    tmp_path, monkeypatch, capsys, server, readme, status
):
    (tmp_path / "index.rst").write_text(f"Top\n===\n\n`a page's <{server}/page>`_\n", encoding="utf-8")
    (tmp_path / "README.md").write_text(f"[a link]({server}/{readme}), [nowhere](http://nowhere.invalid)\n", "utf-8")
    monkeypatch.setattr(links, "SOURCES", {})
    config = {
        "extensions": ["cl_book.pages.links"],
        "linkcheck_report_timeouts_as_broken": False,
        # Sphinx's default is one dictionary for all builds of a process, and an earlier one may have added to it.
        "source_suffix": {".rst": "restructuredtext"},
    }
    out = tmp_path / "out"
    with patch_docutils(), docutils_namespace():
        app = Sphinx(tmp_path, None, out, out / "trees", "linkcheck", config, status=None, warning=None)
        app.build()
    said = capsys.readouterr().out.splitlines()
    assert app.statuscode == status
    assert sorted(line.split()[0] for line in said[:-1]) == sorted(["ok", "broken" if status else "ok", "not"])
    assert f"ok           {server}/page" in said
