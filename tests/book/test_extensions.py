"""The book's extensions, each on a book of two pages: what it makes of right input, and that wrong input is red."""

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from bs4 import BeautifulSoup
from cl_book.notebooks import stamps
from cl_book.notebooks.normalise import METADATA, normalise_notebook
from cl_book.notebooks.record import VALUE_MIME, VERDICT_MIME
from cl_book.pages import stale_banner
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from cl_core.experiments import store
from cl_core.experiments.plan import digest_json
from cl_core.experiments.progress import format_duration
from cl_core.experiments.provenance import code_digest
from cl_core.runs import ledger
from cl_core.runs.ledger import Repetition
from cl_core.runs.result_set import ResultSet

CLAIM = """
- id: T01
  title: A first claim
  statement: Something holds.
  where: derived here
  mark: D
  source: theory
  page: notebooks/page
  shows: A number.
  tolerance: None is needed.
- id: T02
  title: A second claim
  statement: Something else holds.
  where: abstract
  mark: P
  source: theory
  page: notebooks/absent
  shows: A number.
  tolerance: None is needed.
"""
SVG = (
    '<svg role="img" data-figure="valley" aria-labelledby="valley-title valley-desc" viewBox="0 0 4 3">'
    '<title id="valley-title">valley</title><desc id="valley-desc">It falls.</desc><path d="M0 0"/></svg>'
)
VERDICT = new_output(
    "display_data",
    {
        "text/plain": "T01 · holds · z 1",
        "text/html": "<p>T01</p>",
        VERDICT_MIME: {"claim": "T01", "verdict": "holds", "evidence": "z 1"},
    },
)
FIGURE = new_output(
    "display_data", {"image/svg+xml": SVG, "text/csv": "m,F\n1,2\n", "text/plain": "figure valley: It falls."}
)
VALUE = new_output(
    "display_data", {"text/plain": "largest_z = 2.31", VALUE_MIME: {"name": "largest_z", "text": "2.31"}}
)


@pytest.fixture
def book(checkout):
    """Build a book from prose for its first page and for its notebook; return the warnings, and pages as soup."""
    (checkout / "book/claims.yml").write_text(CLAIM, encoding="utf-8")
    (checkout / "book/paper.csv").write_text(
        "table,experiment,strategy,metric,mean,std,mark\nI,split-cifar10,frozen,avg_acc,43.38,0.11,S\nI,split-cifar10,frozen,forgetting,-2.42,,P\n",
        encoding="utf-8",
    )

    def build(index="# Front", page="", outputs=(VALUE, VERDICT), fresh=True):
        (checkout / "book/index.md").write_text(f"{index}\n\n```{{toctree}}\n/notebooks/page\n```\n", encoding="utf-8")
        cells = [
            new_markdown_cell("# Page"),
            new_code_cell("1", outputs=list(outputs), execution_count=1),
            new_markdown_cell(page),
        ]
        notebook = normalise_notebook(new_notebook(cells=cells))
        if fresh:
            notebook.metadata[METADATA] = stamps.stamp(notebook, reads=())
        nbformat.write(notebook, checkout / "notebooks/page.ipynb")
        return _build(checkout)

    return build


def _build(top):
    warnings = io.StringIO()
    out = top / "_build"
    settings = {
        "extensions": ["myst_nb", "cl_book.pages"],
        "root_doc": "book/index",
        "project": "Two pages",
        "html_theme": "bare_theme",
        "html_theme_path": [str(Path(__file__).parent)],
        "html_use_index": False,
        "html_copy_source": False,
        "numfig": True,
        "nb_execution_mode": "off",
        "myst_enable_extensions": ["colon_fence", "dollarmath"],
        "exclude_patterns": ["_build", "jupyter_execute"],
        # Sphinx's default is one dictionary for all builds of a process, and an earlier one may have added to it.
        "source_suffix": {".md": "myst-nb", ".ipynb": "myst-nb"},
    }
    with patch_docutils(), docutils_namespace():
        app = Sphinx(top, None, out, out / ".doctrees", "html", confoverrides=settings, status=None, warning=warnings)
        app.build()
    pages = {
        path.relative_to(out).with_suffix("").as_posix(): BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in out.rglob("*.html")
    }
    return re.sub(r"\x1b\[[0-9;]*m", "", warnings.getvalue()), pages


def test_a_style_sheet_that_changed_alone_has_every_page_written_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(stale_banner, "read_results", lambda: ResultSet({}, {}))
    monkeypatch.setattr(stale_banner, "standings", dict)
    app = SimpleNamespace(srcdir=tmp_path, config=SimpleNamespace(html_static_path=["looks"]))
    env = SimpleNamespace(found_docs={"page"}, all_docs={"page": 1.0}, doc2path=lambda name: f"{name}.md")
    (tmp_path / "looks").mkdir()
    answers = []
    for style in ("p { color: red }", "p { color: red }", "p { color: blue }"):
        (tmp_path / "looks/book.css").write_text(style, encoding="utf-8")
        answers.append(stale_banner._list_outdated(app, env, set(), set(), set()))
    assert answers == [["page"], [], ["page"]]


def test_a_run_that_is_new_apart_from_the_results_has_every_page_read_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(stale_banner, "read_results", lambda: ResultSet({}, {}))
    monkeypatch.setattr(stale_banner, "standings", dict)
    stored = {"validation": ["results/validation/cpu/digits-split/lwf-100.json"], "retest": []}
    monkeypatch.setattr(stale_banner.store, "stored", lambda pattern: list(stored[pattern.partition("/")[0]]))
    app = SimpleNamespace(srcdir=tmp_path, config=SimpleNamespace(html_static_path=[]))
    env = SimpleNamespace(found_docs={"page"}, all_docs={"page": 1.0}, doc2path=lambda name: f"{name}.md")
    answers = [stale_banner._list_outdated(app, env, set(), set(), set())]
    for folder in (None, "validation", "retest"):
        if folder:
            stored[folder].append(f"results/{folder}/cpu/digits-split/pulled-100.json")
        answers.append(stale_banner._list_outdated(app, env, set(), set(), set()))
    assert answers == [["page"], [], ["page"], ["page"]]


def text(element):
    return " ".join(element.get_text().split())


def test_a_plain_book_builds_without_a_warning(book):
    warnings, pages = book()
    assert warnings == ""
    assert not pages["notebooks/page"].select(".cl-stale-banner")


# Numbers


@pytest.mark.parametrize("role", ["{value}`page:largest_z`", "{value}`page:largest_z` "])
def test_a_value_is_what_the_notebook_recorded(book, role):
    warnings, pages = book(index=f"# Front\n\nIt is {role}.")
    assert warnings == ""
    assert text(pages["book/index"].select_one(".cl-value")) == "2.31"


def test_a_page_quotes_its_own_value_without_its_name(book):
    warnings, pages = book(page="It is {value}`largest_z`.")
    assert warnings == ""
    assert text(pages["notebooks/page"].select_one(".cl-value")) == "2.31"


@pytest.mark.parametrize(("stored", "shown"), [("-0.29", "−0.29"), ("1e-9", "1e-9"), ("frozen-0", "frozen-0")])
def test_a_negative_value_gets_a_minus_sign(book, stored, shown):
    recorded = new_output(
        "display_data", {"text/plain": f"low = {stored}", VALUE_MIME: {"name": "low", "text": stored}}
    )
    warnings, pages = book(page="It is {value}`low`.", outputs=(recorded,))
    assert warnings == ""
    assert text(pages["notebooks/page"].select_one(".cl-value")) == shown


def test_an_unknown_value_is_red_and_names_the_nearest(book):
    warnings, _ = book(index="# Front\n\nIt is {value}`page:largest_s`.")
    assert "records no 'largest_s'; did you mean 'largest_z'?" in warnings


def test_a_value_of_no_notebook_is_red(book):
    warnings, _ = book(index="# Front\n\nIt is {value}`other:largest_z`.")
    assert "there is no notebook notebooks/other.ipynb" in warnings


def test_a_stale_value_may_not_be_quoted_elsewhere(book):
    warnings, _ = book(index="# Front\n\nIt is {value}`page:largest_z`.", fresh=False)
    assert "is stale, so 'largest_z' may not be quoted" in warnings


def test_a_number_of_the_paper_carries_its_spread_and_mark(book):
    warnings, pages = book(
        index="# Front\n\nIt is {paper}`I/split-cifar10/frozen/avg_acc` and {paper}`I/split-cifar10/frozen/forgetting`."
    )
    assert warnings == ""
    assert [text(each) for each in pages["book/index"].select(".cl-value")] == ["43.38 ± 0.11", "−2.42"]
    assert [text(each) for each in pages["book/index"].select("abbr.cl-mark")] == ["[S]", "[P]"]
    assert "third-party" in pages["book/index"].select_one("abbr.cl-mark")["title"]


def test_an_unknown_number_of_the_paper_is_red(book):
    warnings, _ = book(index="# Front\n\n{paper}`I/split-cifar10/frozen/avg_acd`")
    assert "has no 'I/split-cifar10/frozen/avg_acd'; did you mean 'I/split-cifar10/frozen/avg_acc'?" in warnings


def test_an_unknown_mark_is_red(book):
    warnings, _ = book(index="# Front\n\n{mark}`X`")
    assert "'X' is not a mark" in warnings


@pytest.fixture
def runs(checkout, make_result):
    """Put two made-up runs into results/: 24 and 21 right answers of 30 in the end."""
    for seed, last in enumerate(((6, 9, 9), (6, 9, 6))):
        result = make_result(seed=seed, correct=((9, None, None), (8, 10, None), last))
        store.save(result, checkout / f"results/cpu/split-cifar10/frozen-{seed}.json")


def test_a_result_is_the_mean_over_seeds_with_its_spread(book, runs):
    warnings, pages = book(index="# Front\n\nIt is {result}`cpu/split-cifar10/frozen/avg_acc`.")
    assert warnings == ""
    number = pages["book/index"].select_one("abbr.cl-value")
    assert text(number) == "75.00 ± 7.07"
    assert number["title"] == "2 seeds, profile cpu, made up"


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("cpu/split-cifar10/adaptive/avg_acc", "results/ has no run of cpu/split-cifar10/adaptive"),
        ("cpu/split-cifar10/frozen/avg_ack", "'avg_ack' is not a metric; did you mean 'avg_acc'?"),
        ("split-cifar10/frozen/avg_acc", "is not profile/experiment/strategy/metric"),
    ],
)
def test_an_unknown_result_is_red(book, runs, key, message):
    warnings, _ = book(index=f"# Front\n\nIt is {{result}}`{key}`.")
    assert message in warnings


def test_a_stage_is_a_share_of_its_own_runs_time(book, checkout, make_result):
    for seed, spent in enumerate((2.0, 3.0)):
        result = make_result(seed=seed)
        times = {"arrival_s": spent, "total_s": 10.0 * (seed + 1)}
        result = replace(result, recorded={**result.recorded, "times": times}).sealed()
        store.save(result, checkout / f"results/cpu/split-cifar10/frozen-{seed}.json")
    page = (
        "# Front\n\nIt is {spent}`cpu/split-cifar10/frozen/arrival`, not {spent}`cpu/split-cifar10/frozen/departure`."
    )
    warnings, pages = book(index=page)
    number = pages["book/index"].select_one("abbr.cl-value")
    assert text(number) == "18 %"
    assert number["title"] == "mean of 2 seeds, 15 to 20 %"
    assert "no run of cpu/split-cifar10/frozen recorded the stage 'departure'" in warnings


def test_a_stale_result_may_not_be_quoted(book, runs, checkout):
    edited = checkout / "results/cpu/split-cifar10/frozen-0.json"
    edited.write_text(edited.read_text(encoding="utf-8").replace("[6, 9, 9]", "[7, 9, 9]"), encoding="utf-8")
    warnings, _ = book(index="# Front\n\nIt is {result}`cpu/split-cifar10/frozen/avg_acc`.")
    assert "frozen-0.json is stale" in warnings
    assert "may not be quoted" in warnings


def test_what_a_cell_puts_on_record_is_not_shown_again(book):
    warnings, pages = book(page="It is {value}`largest_z`.", outputs=(VALUE,))
    assert warnings == ""
    assert "It is 2.31." in text(pages["notebooks/page"])
    assert "largest_z = 2.31" not in text(pages["notebooks/page"])


# Verdicts


def test_a_printed_verdict_becomes_a_badge(book):
    warnings, pages = book()
    assert warnings == ""
    line = pages["notebooks/page"].select_one("p.cl-verdict-line")
    assert text(line) == "T01 holds z 1"
    assert line.select_one(".cl-badge.cl-agrees")


def test_a_claim_links_to_its_place_in_the_verdict_box(book):
    warnings, pages = book(index="# Front\n\nSee {claim}`T01` and {claim}`T02`.", page=":::{verdicts}\n:::")
    assert warnings == ""
    first, second = pages["book/index"].select(".cl-badge")
    assert text(first) == "T01 ✓ holds"
    assert first.find_parent("a")["href"] == "../notebooks/page.html#claim-t01"
    assert text(second) == "T02 – not run"
    assert second.find_parent("a") is None
    box = pages["notebooks/page"].select_one(".cl-verdicts")
    assert box.select_one("#claim-t01")
    assert "Evidence: z 1" in text(box)
    assert "T02" not in text(box)


def test_claims_that_were_not_run_are_folded_behind_the_others(book, checkout):
    claims = CLAIM.replace("page: notebooks/absent", "page: notebooks/page")
    (checkout / "book/claims.yml").write_text(claims, encoding="utf-8")
    warnings, pages = book(page=":::{verdicts}\n:::")
    assert warnings == ""
    first, second = pages["notebooks/page"].select(".cl-verdicts .cl-cards tbody tr")
    assert "T01" in text(first)
    folded = second.find_parent("details")
    assert text(folded.summary) == "1 more stated, and not run yet"
    assert folded.select_one("#claim-t02")


def test_the_rest_of_a_section_folds_with_its_code_and_figures(book):
    page = "## Digits\n\nBefore.\n\n:::{fold} Open it\n:::\n\nAfter.\n\n```python\n1\n```\n\n## Later\n\nLast."
    warnings, pages = book(page=page)
    assert warnings == ""
    folded = pages["notebooks/page"].select_one("details.cl-unfolds")
    assert text(folded.summary) == "Open it"
    assert not folded.has_attr("open")
    assert "After." in text(folded)
    assert folded.select_one("pre")
    assert "Before." not in text(folded)
    assert "Last." not in text(folded)


def test_a_stream_says_what_its_runs_met_and_that_its_images_are_not_here(measured, monkeypatch, tmp_path):
    monkeypatch.setenv("CL_DATA_DIR", str(tmp_path))
    warnings, pages = measured(index="# Front\n\n:::{stream} split-cifar100\n:::", outputs=())
    assert warnings == ""
    assert "4 tasks of" in text(pages["book/index"])
    assert "this copy of the book shows none" in text(pages["book/index"])


def test_a_chart_of_one_experiment_says_first_what_it_found(measured):
    warnings, pages = measured(index="# Front\n\n:::{chart} split-cifar100-gains\n:::", outputs=())
    assert warnings == ""
    caption = text(pages["book/index"].select_one("figcaption"))
    names = [svg["data-figure"] for svg in pages["book/index"].select("figure svg")]
    assert names == ["results-split-cifar100-gains", "results-split-cifar100-gains-narrow"]
    assert "Frozen ends" in caption
    assert "forgets 0.5 points less (5 seeds). What each method gains" in caption


def test_one_stream_has_a_table_of_its_own(measured):
    warnings, pages = measured(index="# Front\n\n:::{overview} split-cifar100\n:::", outputs=())
    assert warnings == ""
    assert [text(head) for head in pages["book/index"].select("th")][:2] == ["Method", "Avg.Acc"]
    warnings, _ = measured(index="# Front\n\n:::{overview} split-cifar\n:::", outputs=())
    assert "there is no stream 'split-cifar'" in warnings


def test_a_linked_claim_without_a_verdict_box_is_red(book):
    warnings, _ = book(index="# Front\n\nSee {claim}`T01`.")
    assert "notebooks/page does not list its verdicts" in warnings


def test_an_unknown_claim_is_red(book):
    warnings, _ = book(index="# Front\n\nSee {claim}`T09`.")
    assert "there is no claim 'T09'" in warnings


def test_a_passage_for_the_right_verdict_is_shown(book):
    warnings, pages = book(page=":::{reads} T01 holds T02 not run\nIt holds.\n:::")
    assert warnings == ""
    assert text(pages["notebooks/page"].select_one(".cl-reads")) == "It holds."


def test_a_passage_written_for_another_verdict_is_red(book):
    warnings, _ = book(page=":::{reads} T01 fails\nIt fails.\n:::")
    assert "written for T01 fails, but the verdict is: holds" in warnings


@pytest.mark.parametrize(
    ("bound", "message"),
    [
        ("T01", "no verdict after T01"),
        ("holds", "where a claim's id should"),
        ("T07 holds", "no claim 'T07'"),
    ],
)
def test_a_binding_that_says_too_little_is_red(book, bound, message):
    warnings, _ = book(page=f":::{{reads}} {bound}\nIt holds.\n:::")
    assert message in warnings


def test_a_stale_pages_verdict_counts_as_stale_elsewhere_only(book):
    passage = ":::{reads} T01 holds\nIt holds.\n:::"
    warnings, pages = book(index=f"# Front\n\n{passage}", page=passage, fresh=False)
    assert warnings.count("the verdict is: stale") == 1
    assert "book/index" in warnings
    assert "it was never refreshed" in text(pages["notebooks/page"].select_one(".cl-stale-banner"))


def test_the_scoreboard_lists_every_claim_or_those_of_a_mark(book):
    warnings, pages = book(
        index="# Front\n\n:::{tally}\n:::\n\n:::{scoreboard}\n:mark: P\n:::",
        page=":::{scoreboard}\n:::\n\n:::{verdicts}\n:::",
    )
    assert warnings == ""
    assert text(pages["book/index"].select_one(".cl-tally")) == "Of 2 claims of our own: 1 holds, 1 not run."
    assert [text(row.td) for row in pages["book/index"].select("tbody tr")] == ["T02 not run"]
    assert [text(row.td) for row in pages["notebooks/page"].select("tbody tr")[:2]] == ["T01 holds", "T02 not run"]


ITEM = """
- id: P01
  item: Lemma IV.2 (3)
  title: Frozen training forgets this much
  statement: It does.
  where: Section IV
  mark: P
  source: theory
  page: notebooks/page
  shows: A number.
  tolerance: None is needed.
"""
CONDITION = new_output(
    "display_data",
    {
        "text/plain": "P01 · holds when p_2 > n_2 · z 1",
        "text/html": "<p>P01</p>",
        VERDICT_MIME: {"claim": "P01", "verdict": "holds when", "condition": "p_2 > n_2", "evidence": "z 1"},
    },
)


def test_an_item_of_the_paper_is_shown_with_its_condition_and_counted_apart(book, checkout):
    (checkout / "book/claims.yml").write_text(CLAIM + ITEM, encoding="utf-8")
    passages = "".join(
        f":::{{reads}} T01 holds P01 {words}\nIt holds.\n:::\n\n" for words in ("holds when", "holds when p_2 > n_2")
    )
    warnings, pages = book(
        index=f"# Front\n\n:::{{tally}}\n:::\n\n:::{{scoreboard}}\n:origin: paper\n:::\n\n{{claim}}`P01`\n\n{passages}",
        page=":::{verdicts}\n:::",
        outputs=(VALUE, VERDICT, CONDITION),
    )
    assert warnings == ""
    index, page = pages["book/index"], pages["notebooks/page"]
    assert [text(line) for line in index.select(".cl-tally")] == [
        "Of 1 statement of the paper: 1 holds under a condition.",
        "Of 2 claims of our own: 1 holds, 1 not run.",
    ]
    assert [text(row.td) for row in index.select("tbody tr")] == ["P01 holds when p2 > n2"]
    assert "Lemma IV.2 (3): Frozen training forgets this much" in text(index.select_one("tbody tr"))
    assert text(index.select("a .cl-badge.cl-agrees-when")[-1]) == "P01 ✓ holds when p2 > n2"
    assert len(index.select(".cl-reads")) == 2
    assert text(page.select("p.cl-verdict-line")[1]) == "P01 holds when p2 > n2 z 1"
    assert page.select_one("#claim-p01")


@pytest.mark.parametrize("words", ["holds as printed", "holds when p_2 < n_2"])
def test_a_passage_for_another_condition_is_red(book, checkout, words):
    (checkout / "book/claims.yml").write_text(CLAIM + ITEM, encoding="utf-8")
    warnings, _ = book(page=f":::{{reads}} P01 {words}\nIt holds.\n:::", outputs=(CONDITION,))
    assert f"written for P01 {words}, but the verdict is: holds when p_2 > n_2" in warnings


def test_the_tally_counts_all_claims_or_those_of_a_mark(book):
    warnings, pages = book(index="# Front\n\n:::{tally}\n:mark: P\n:::")
    assert warnings == ""
    assert text(pages["book/index"].select_one(".cl-tally")) == "Of 1 claim of our own: 1 not run."


def test_formulas_in_a_claim_are_set_with_indices_and_names_stay_whole(book, checkout):
    claims = CLAIM.replace("Something holds.", "'‖q_2 − q_1‖ in R^{n×m}, g_{t−1} at w*_1, rate_factor=0.03.'")
    (checkout / "book/claims.yml").write_text(claims, encoding="utf-8")
    warnings, pages = book(page=":::{scoreboard}\n:::\n\n:::{verdicts}\n:::")
    assert warnings == ""
    for place in (".cl-cards tbody tr", ".cl-verdicts tbody tr"):
        said = pages["notebooks/page"].select_one(place)
        assert [low.get_text() for low in said.select("sub")] == ["2", "1", "t−1", "1"]
        assert [high.get_text() for high in said.select("sup")] == ["n×m"]
        assert "‖q2 − q1‖ in Rn×m, gt−1 at w*1, rate_factor=0.03." in said.get_text()


RUNS = """
- id: C01
  title: Frozen forgets less
  statement: It does.
  where: Table I
  mark: S
  source: runs
  page: notebooks/page
  shows: A difference.
  tolerance: Half a point.
  test:
    kind: difference
    experiment: split-cifar100
    of: frozen
    against: initialized
    measure: forgetting
    direction: less
    seeds: 0-4
    paper: [I/split-cifar100/frozen/forgetting, I/split-cifar100/initialized/forgetting]
"""
REPORTED = (
    "table,experiment,strategy,metric,mean,std,mark\nI,split-cifar100,frozen,forgetting,23.96,0.38,S\n"
    "I,split-cifar100,initialized,forgetting,24.84,0.31,S\nI,split-cifar100,adaptive,forgetting,24.15,0.27,S\n"
)


@pytest.fixture
def measured(book, checkout, make_run):
    """Two strategies with five made-up runs each, and a claim that they decide."""
    (checkout / "book/claims.yml").write_text(RUNS, encoding="utf-8")
    (checkout / "book/paper.csv").write_text(REPORTED, encoding="utf-8")
    for seed in range(5):
        for arm, forgets in (("initialized", 25), ("frozen", 24.3 + 0.1 * seed)):
            run = make_run("split-cifar100", arm, seed, forgetting=forgets)
            store.save(run, checkout / f"results/cpu/split-cifar100/{arm}-{seed}.json")
    return book


def test_a_claim_on_runs_shows_what_was_reported_what_came_out_and_its_command(measured):
    warnings, pages = measured(
        index="# Front\n\n:::{tally}\n:::\n\n:::{scoreboard}\n:source: runs\n:family: exploratory\n:::",
        page=":::{verdicts}\n:::",
        outputs=(),
    )
    assert warnings == ""
    page = pages["book/index"]
    (row,) = (row for row in page.select("tbody tr") if row.find_parent("details") is None)
    claim, _, came_out = row.find_all("td", recursive=False)
    assert text(claim) == "C01 reproduced smaller"
    assert claim.a["href"] == "../notebooks/page.html#claim-c01"
    said = text(came_out)
    assert "Reported: +0.88 points [S]" in said
    assert "Here: +0.50 points (+0.30 to +0.70), 5 seeds" in said
    (folded,) = came_out.select("details.cl-fold")
    assert text(folded.summary) == "Evidence and command for C01"
    assert not folded.has_attr("open")
    assert folded.select_one(".cl-evidence")
    assert "cl-core sweep --experiments split-cifar100 --strategies frozen,initialized --seeds 0-4" in text(
        folded.select_one(".cl-command")
    )
    assert "by chance" not in text(page), "one verdict alone is not counted"
    row = pages["notebooks/page"].select_one(".cl-verdicts tbody tr")
    assert [text(cell) for cell in row.select("td")[1:]] == [
        "paper +0.9",
        "here +0.5 (+0.3 to +0.7)",
        "reproduced smaller",
    ]
    assert "Labels: smaller, exploratory" in text(row.select_one("details"))


def test_a_selection_without_any_claim_is_red(measured):
    warnings, _ = measured(index="# Front\n\n:::{scoreboard}\n:family: primary\n:::", outputs=())
    assert "no claim is in this selection" in warnings


def test_a_passage_may_name_the_label_that_it_was_written_for(measured):
    passage = ":::{reads} C01 reproduced, smaller\nIt holds.\n:::"
    warnings, _ = measured(index=f"# Front\n\n{passage}\n\n{passage.replace('smaller', 'reversed')}", outputs=())
    assert "this text was written for C01 reproduced, reversed, but the verdict is: reproduced" in warnings
    assert warnings.count("this text was written for") == 1


def test_all_results_stand_in_one_table_with_the_best_marked_and_a_list_of_their_runs(measured):
    warnings, pages = measured(index="# Front\n\n:::{overview}\n:::", outputs=())
    assert warnings == ""
    box = pages["book/index"].select_one(".cl-sortable")
    assert [text(head) for head in box.select("th")] == [
        "Stream",
        "Method",
        "Avg.Acc",
        "Task.Acc",
        "Forgetting",
        "Runs",
    ]
    rows = [[text(cell) for cell in row.select("td")] for row in box.select("tbody tr")]
    by_method = {row[1]: row for row in rows}
    assert "paper 24.84" in by_method["initialized: fine-tuning"][4]
    frozen = next(row for row in box.select("tbody tr") if "frozen: one block" in row.text)
    assert frozen.select("td")[4].select_one("strong"), "frozen forgets least here"
    link = frozen.select("td")[-1].select_one("a")
    assert link["href"].endswith("data/runs/split-cifar100-frozen.csv")


def test_reference_results_stand_beside_what_was_reported(measured):
    warnings, pages = measured(index="# Front\n\n:::{reference} split-cifar100\n:::", outputs=())
    assert warnings == ""
    rows = [[text(cell) for cell in row.select("td")] for row in pages["book/index"].select("tbody tr")]
    assert rows[0] == [
        "initialized",
        "41.25 ± 0.00",
        "60.00 ± 0.00",
        "25.00 ± 0.00 reported 24.84 ± 0.31 [S]",
        "50.00 ± 0.00",
        "5",
    ]
    assert rows[1][0] == "frozen"
    assert rows[1][3] == "24.50 ± 0.16 reported 23.96 ± 0.38 [S]"
    assert rows[2] == ["adaptive", "—", "—", "— reported 24.15 ± 0.27 [S]", "—", "not run"]
    about = text(pages["book/index"].select_one("p.cl-evidence"))
    assert "data made up; profile cpu (width" in about
    assert "another width" in about


def test_a_passage_bound_to_every_seed_stands_while_the_order_does_and_is_an_error_where_it_does_not(measured):
    bound = ":::{{every-seed}} cpu/split-cifar100/{}\nIt is so.\n:::"
    warnings, pages = measured(index=f"# Front\n\n{bound.format('forgetting initialized>frozen')}", outputs=())
    assert warnings == ""
    assert text(pages["book/index"].select_one(".cl-reads")) == "It is so."
    warnings, _ = measured(index=f"# Front\n\n{bound.format('forgetting frozen>initialized')}", outputs=())
    assert "it is not so with seed 0, 1, 2, 3, 4" in warnings


def test_reference_results_over_a_setting(measured, make_run, checkout):
    run = make_run("split-cifar100", "frozen trained=2", 0)
    store.save(run, checkout / "results/cpu/split-cifar100" / f"frozen~{digest_json({'trained': 2})[:10]}-0.json")
    plain = ":::{reference} split-cifar100\n:::"
    _, pages = measured(
        index=f"# Front\n\n{plain}\n\n{plain[:-3]}:over: trained\n:::\n\n{plain[:-3]}:strategies: frozen\n:brief:\n:::",
        outputs=(),
    )
    without, over, brief = pages["book/index"].select("table")
    assert "reported" not in text(brief)
    assert [text(row.td) for row in brief.select("tbody tr")] == ["frozen"]
    assert len(pages["book/index"].select("p.cl-evidence")) == 2
    assert len(without.select("tbody tr")) == 3
    assert [text(cell) for cell in over.select("th")][:2] == ["Strategy", "Blocks that move"]
    rows = [[text(cell) for cell in row.select("td")] for row in over.select("tbody tr")]
    assert [(row[0], row[1], row[-1]) for row in rows] == [
        ("initialized", "—", "5"),
        ("frozen", "1", "5"),
        ("frozen", "2", "1"),
        ("adaptive", "—", "not run"),
    ]
    assert ["reported" in row[4] for row in rows] == [True, True, False, True]


def test_reference_results_at_other_values(measured, make_run, checkout):
    run = make_run("split-cifar100", "frozen trained=2", 0)
    store.save(run, checkout / "results/cpu/split-cifar100" / f"frozen~{digest_json({'trained': 2})[:10]}-0.json")
    asked = ":::{reference} split-cifar100\n:at: trained=2\n:strategies: frozen\n:::"
    warnings, pages = measured(index=f"# Front\n\n{asked}\n\n{asked.replace('trained', 'traned')}", outputs=())
    (table,) = pages["book/index"].select("table")
    assert [text(row.td) for row in table.select("tbody tr")] == ["frozen"]
    assert "reported" not in text(table)
    assert text(table.select("tbody td")[-1]) == "1"
    assert "did you mean 'trained'" in warnings


def test_a_setting_that_no_row_has_gets_no_column(measured):
    _, pages = measured(index="# Front\n\n:::{reference} split-cifar100\n:over: pull trained\n:::", outputs=())
    assert "Pull" not in [text(cell) for cell in pages["book/index"].select("th")]
    assert "Blocks that move" in [text(cell) for cell in pages["book/index"].select("th")]


def test_a_chart_is_drawn_from_the_results_and_bound_to_its_verdicts(measured):
    warnings, pages = measured(index="# Front\n\n:::{chart} distance C01 reproduced\nIt **rises**.\n:::", outputs=())
    assert warnings == ""
    figure = pages["book/index"].select_one("figure.cl-figure")
    assert figure.select_one("svg[data-figure=results-distance] desc").get_text().startswith("Two panels")
    assert "Fig. 1 It rises." in text(figure.figcaption)
    assert figure.select_one("a[download]")["href"].endswith("index-results-distance.csv")


@pytest.mark.parametrize(
    ("chart", "said"),
    [("distance C01 inconclusive", "the verdict is: reproduced"), ("distances", "did you mean 'distance'?")],
)
def test_a_wrong_chart_is_red(measured, chart, said):
    warnings, _ = measured(index=f"# Front\n\n:::{{chart}} {chart}\nIt rises.\n:::", outputs=())
    assert said in warnings


def test_a_chart_without_runs_says_so(book):
    warnings, pages = book(index="# Front\n\n:::{chart} overlap\nIt falls.\n:::\n\n:::{chart} split-cifar10-path\n:::")
    assert warnings == ""
    assert "Not run: there is no reference result to draw." in text(pages["book/index"])
    assert "Not run: Algorithm 1 has no reference result on this stream" in text(pages["book/index"])


def test_a_stale_reference_result_is_left_out_and_named(measured, checkout):
    path = checkout / "results/cpu/split-cifar100/frozen-0.json"
    path.write_text(path.read_text(encoding="utf-8").replace("60000", "60001", 1), encoding="utf-8")
    _, pages = measured(index="# Front\n\n:::{reference} split-cifar100\n:::", outputs=())
    assert "Stale and left out: cpu/split-cifar100/frozen-0.json" in text(pages["book/index"])
    assert pages["book/index"].select("tbody tr")[1].select("td")[-1].get_text(strip=True) == "4"


def test_reference_results_that_are_not_there_are_not_run(book):
    elsewhere = ":::{reference} corrupted-cub50-deng\n:at: tasks=4\n:::"
    warnings, pages = book(
        index=f"# Front\n\n:::{{reference}} split-cub50\n:::\n\n:::{{reference}} split-cub200\n:::\n\n{elsewhere}"
    )
    assert warnings == ""
    assert "Not run: there is no reference result of Split CUB-50." in text(pages["book/index"])
    assert "Not run: there is no reference result of Corrupted CUB-50 (Deng et al.) at tasks 4." in text(
        pages["book/index"]
    )
    assert "Not run: Split CUB-200 needs CUB-200." in text(pages["book/index"])
    warnings, _ = book(index="# Front\n\n:::{reference} split-cub51\n:::")
    assert "there is no experiment 'split-cub51'; did you mean 'split-cub50'?" in warnings


def test_reported_rows_are_held_against_each_other(book, checkout):
    real = Path(__file__).resolve().parents[2] / "book/paper.csv"
    (checkout / "book/paper.csv").write_text(real.read_text(encoding="utf-8"), encoding="utf-8")
    warnings, pages = book(index="# Front\n\n:::{implied} triples\n:::\n\n:::{implied} pairs\n:::")
    assert warnings == ""
    triples, pairs = (
        [[text(cell) for cell in row.select("td")] for row in made.select("tbody tr")]
        for made in pages["book/index"].select("table")
    )
    assert ["Split CUB-200, adaptive [P]", "20.76", "24.09", "10", "none", "none", "39.01", "60.69"] in triples
    assert ["Permuted MNIST, initialized [P]", "30.76", "24.28", "10", "3.5", "4", "75.97", "97.82"] in triples
    assert ["Correlated CIFAR-100, initialized [P]", "43.78", "22.45", "any number"] in pairs
    assert (len(triples), len(pairs)) == (18, 6)


def test_reported_rows_are_compared_across_strategies_and_streams(book, checkout):
    real = Path(__file__).resolve().parents[2] / "book/paper.csv"
    (checkout / "book/paper.csv").write_text(real.read_text(encoding="utf-8"), encoding="utf-8")
    kinds = ("task-accuracy", "variants", "changes")
    warnings, pages = book(index="# Front\n\n" + "\n\n".join(f":::{{implied}} {kind}\n:::" for kind in kinds))
    assert warnings == ""
    gains, variants, changes = (
        [[text(cell) for cell in row.select("td")] for row in made.select("tbody tr")]
        for made in pages["book/index"].select("table")
    )
    assert ["Split CIFAR-100", "+6.58"] in gains
    assert ["Corrupted CUB-200", "Forgetting", "−0.10", "+0.75"] in variants
    assert ["Corrupted CUB-200", "adaptive", "+2.25", "+2.00"] in changes


def test_a_table_of_the_paper_has_its_numbers_cell_by_cell_with_the_claims_that_use_them(book, checkout):
    real = Path(__file__).resolve().parents[2]
    for name in ("book/paper.csv", "book/claims.yml"):
        (checkout / name).write_text((real / name).read_text(encoding="utf-8"), encoding="utf-8")
    warnings, pages = book(index="# Front\n\n:::{papercells} III\n:::")
    assert warnings == ""
    rows = [[text(cell) for cell in row.select("td")] for row in pages["book/index"].select("tbody tr")]
    cells = next(row for row in rows if row[0] == "Split CIFAR-100 in twenty tasks, frozen")
    assert any("[P] C45 – not run" in cell for cell in cells)
    assert "Split CUB-200 in twenty tasks, adaptive" in [row[0] for row in rows]
    warnings, _ = book(index="# Front\n\n:::{papercells} IV\n:::")
    assert "the paper has no table 'IV'; give I, II or III" in warnings


def test_two_reported_numbers_are_subtracted_in_prose(book, checkout):
    real = Path(__file__).resolve().parents[2] / "book/paper.csv"
    (checkout / "book/paper.csv").write_text(real.read_text(encoding="utf-8"), encoding="utf-8")
    both = "I/corrupted-cub200/adaptive/avg_acc − I/split-cub200/adaptive/avg_acc"
    warnings, pages = book(index=f"# Front\n\nIt gains {{paper}}`{both}`.")
    assert warnings == ""
    assert "It gains +2.25" in pages["book/index"].get_text()
    warnings, _ = book(index="# Front\n\nIt gains {paper}`I/a/b/avg_acc − I/c/d/avg_acc`.")
    assert "no 'I/a/b/avg_acc'" in warnings


# Figures


def test_a_figure_joins_drawing_caption_and_data(book, checkout):
    caption = ":::{caption} fig-valley T01 holds\nIt **falls**.\n:::\n\nSee {numref}`fig-valley`."
    warnings, pages = book(page=caption, outputs=[FIGURE, VERDICT])
    assert warnings == ""
    page = pages["notebooks/page"]
    figure = page.select_one("figure.cl-figure")
    assert figure["id"] == "fig-valley"
    assert figure.select_one('svg[data-figure="valley"] desc').get_text() == "It falls."
    assert text(figure.select_one(".caption-text")) == "It falls."
    link = figure.select_one(".cl-data a")
    assert (checkout / "_build/notebooks" / link["href"]).read_text(encoding="utf-8") == "m,F\n1,2\n"
    assert page.select_one('a[href="#fig-valley"]')
    assert "figure valley:" not in page.get_text()


@pytest.mark.parametrize(
    ("outputs", "page", "message"),
    [
        ([FIGURE], "No caption.", "figure 'valley' has no caption"),
        ([VALUE], ":::{caption} fig-valley\nIt falls.\n:::", "the caption fig-valley has no figure"),
        ([FIGURE, FIGURE], ":::{caption} fig-valley\nIt falls.\n:::", "shown twice"),
        ([FIGURE, VERDICT], ":::{caption} fig-valley T01 inconclusive\nIt falls.\n:::", "written for T01 inconclusive"),
    ],
)
def test_a_figure_without_its_parts_is_red(book, outputs, page, message):
    warnings, _ = book(outputs=outputs, page=page)
    assert message in warnings


# Pages


def test_a_stale_page_carries_a_banner_with_the_reasons_below_its_title(book):
    warnings, pages = book(fresh=False)
    assert warnings == ""
    title = pages["notebooks/page"].select_one("h1")
    assert "cl-stale-banner" in title.find_next_sibling()["class"]
    assert not pages["book/index"].select(".cl-stale-banner")


def test_pages_follow_when_only_another_pages_verdict_changed(book):
    index = "# Front\n\n{claim}`T01`"
    box = ":::{verdicts}\n:::"
    book(index=index, page=box)
    failed = json.loads(json.dumps(VERDICT).replace("holds", "fails"))
    warnings, pages = book(index=index, page=box, outputs=[nbformat.from_dict(failed)])
    assert warnings == ""
    assert text(pages["book/index"].select_one(".cl-badge")) == "T01 ✗ fails"


def test_the_paper_map_says_what_has_no_page(book):
    index = (
        "# Front\n\n:::{papermap}\n- {place: Theorem, says: It holds., mark: P, page: notebooks/page, claims: [T01]}\n"
        "- {place: Table, says: Numbers., mark: S, page: notebooks/absent, claims: [T02]}\n:::"
    )
    warnings, pages = book(index=index, page=":::{verdicts}\n:::")
    assert warnings == ""
    first, second = ([text(cell) for cell in row.select("td")] for row in pages["book/index"].select("tbody tr"))
    assert first == [
        "Theorem",
        "It holds. [P]",
        "Page cl-core rerun notebooks/page.ipynb",
        "T01 ✓ holds A first claim, cell 1",
    ]
    assert second == ["Table", "Numbers. [S]", "not run yet", "T02 – not run A second claim"]


def test_the_times_of_reference_runs_are_those_that_they_recorded(book, checkout, make_result):
    index = "# Front\n\n:::{runtimes}\n:::"
    warnings, pages = book(index=index)
    assert warnings == ""
    assert "No reference run is stored yet" in text(pages["book/index"])
    machine = {"processor": "Some", "system": "Linux x86_64", "threads": 1}
    for seed, seconds in enumerate((60.0, 180.0, 7200.0)):
        card = {"device": "Card X"} if seed == 2 else {}
        recorded = {"times": {"total_s": seconds}, "machine": machine | card}
        store.save(
            make_result(seed=seed, recorded=recorded), checkout / f"results/cpu/split-cifar10/frozen-{seed}.json"
        )
    warnings, pages = book(index=index)
    assert warnings == ""
    cells = [text(cell) for cell in pages["book/index"].select("tbody td")]
    assert cells == ["split-cifar10, cpu", "3", format_duration(180), format_duration(7440)]
    said = text(pages["book/index"])
    assert "profile cpu: Some, Linux x86_64, 1 thread a run" in said
    assert "profile cpu: Card X beside Some, Linux x86_64, 1 thread a run" in said


def test_the_status_page_says_when_each_page_ran_and_whether_it_is_fresh(book, checkout):
    entry = {"seconds": 2.5, "refreshed": "2026-01-02", "python": "3.11.7", "versions": {"numpy": "2.4.6"}}
    entry["hardware"] = {"machine": "x86_64", "processor": "Some", "cores": 2}
    (checkout / "notebooks/timings.json").write_text(json.dumps({"page": entry}), encoding="utf-8")
    index = "# Front\n\n:::{status}\n:::"
    _, pages = book(index=index)
    *cells, digest = [text(cell) for cell in pages["book/index"].select("tbody td")]
    assert cells == ["Page", "fresh", "2026-01-02", "2.5"]
    assert stamps.digest_outputs(checkout / "notebooks/page.ipynb").startswith(digest)
    assert len(digest) == 8
    assert "Python 3.11.7, numpy 2.4.6; Some (x86_64), 2 cores" in text(pages["book/index"])
    _, pages = book(index=index, fresh=False)
    assert "stale: it was never refreshed" in text(pages["book/index"])


def test_the_status_page_counts_the_runs_that_hold_and_those_that_do_not(
    book, checkout, make_result, make_confirmation
):
    index = "# Front\n\n:::{runstatus}\n:::"
    _, pages = book(index=index)
    assert "No reference run is stored yet" in text(pages["book/index"])
    versions, machine = {"torch": "2.0"}, {"processor": "Some", "system": "Linux x86_64"}
    for seed in (0, 1):
        made = make_result(seed=seed, recorded={"versions": versions, "machine": machine})
        store.save(made, checkout / f"results/cpu/split-cifar10/frozen-{seed}.json")
    warnings, pages = book(index=index)
    assert warnings == ""
    name, count, state, _, digest = [text(cell) for cell in pages["book/index"].select("tbody td")]
    assert (name, count, len(digest)) == ("split-cifar10, cpu", "2", 8)
    assert state == "2 unconfirmed"
    (link,) = pages["book/index"].select('a[href$="results.csv"]')
    with (checkout / "_build/book" / link["href"]).open(encoding="utf-8", newline="") as file:
        assert [row["file"] for row in csv.DictReader(file)] == [
            f"cpu/split-cifar10/frozen-{seed}.json" for seed in (0, 1)
        ]
    assert "No golden run has been held against" in text(pages["book/index"])
    repeated = [Repetition(f"results/x-{seed}.json", seed == 0, seed / 2, True) for seed in (0, 1)]
    ledger.add(make_confirmation(code=code_digest(), repeated=tuple(repeated)))
    _, pages = book(index=index)
    assert text(pages["book/index"].select("tbody td")[2]) == "current"
    assert "confirmed on 02 January 2026 by 150 golden runs" in text(pages["book/index"])
    assert "2 results, 1 identical to the bit, the others within 0.50 points." in text(pages["book/index"])
    edited = json.loads((checkout / "results/cpu/split-cifar10/frozen-1.json").read_text(encoding="utf-8"))
    edited["digest"] = "0" * 64
    (checkout / "results/cpu/split-cifar10/frozen-1.json").write_text(json.dumps(edited), encoding="utf-8")
    _, pages = book(index=index)
    assert text(pages["book/index"].select("tbody td")[2]) == "1 stale"
    assert "torch 2.0; Some, Linux x86_64; protocol 1" in text(pages["book/index"])
