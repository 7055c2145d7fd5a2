"""Claims: a list that holds together, and verdicts that nobody typed."""

import copy

import nbformat
import pytest
import yaml
from cl_book.claims import claim as claims
from cl_book.claims import standings
from cl_book.claims.claim import Claim, ClaimError, Standing
from cl_book.notebooks import stamps
from cl_book.notebooks.normalise import METADATA
from cl_book.notebooks.record import VERDICT_MIME

CLAIM = {
    "id": "T04",
    "title": "a",
    "statement": "b",
    "where": "Theorem IV.4",
    "mark": "P",
    "source": "theory",
    "page": "notebooks/page",
    "shows": "c",
    "tolerance": "d",
}
TEST = {
    "kind": "difference",
    "experiment": "split-cifar100",
    "of": "two-level",
    "against": "frozen trained=2",
    "measure": "avg_acc",
    "direction": "more",
    "seeds": "0-4",
}
ITEM = {**CLAIM, "id": "P01", "item": "Lemma IV.2 (3)"}
RUN = {**CLAIM, "id": "C01", "source": "runs", "test": TEST}


@pytest.fixture
def state_claims(checkout):
    def write(*entries):
        (checkout / "book" / "claims.yml").write_text(
            yaml.safe_dump([copy.deepcopy(entry) for entry in entries]), encoding="utf-8"
        )

    return write


@pytest.fixture
def print_verdict(write_page):
    """Store a page whose output holds verdict lines, stamped as it stands."""

    def write(*verdicts):
        path = write_page("page", "print('computed')")
        notebook = nbformat.read(path, as_version=4)
        notebook.cells[1].outputs = [
            nbformat.v4.new_output(
                "display_data",
                data={VERDICT_MIME: dict(zip(("claim", "verdict", "evidence", "condition"), v, strict=False))},
            )
            for v in verdicts
        ]
        notebook.metadata[METADATA] = stamps.stamp(notebook, reads=())
        nbformat.write(notebook, path)
        return path, notebook

    return write


def verdicts():
    return [(one.claim.id, one.verdict) for one in standings.standings()]


def test_not_run_without_page_line_or_results(state_claims, print_verdict):
    state_claims(CLAIM, RUN)
    assert verdicts() == [("T04", "not run"), ("C01", "not run")]
    print_verdict(("T05", "holds", "z 2"))
    assert verdicts() == [("T04", "not run"), ("C01", "not run")]


def test_the_verdict_is_the_printed_one_until_the_page_is_stale(state_claims, print_verdict):
    state_claims(CLAIM)
    path, notebook = print_verdict(("T04", "fails", "z 7, limit 5"))
    fresh = standings.standing("T04")
    assert (fresh.verdict, fresh.printed, fresh.evidence) == ("fails", "fails", "z 7, limit 5")

    notebook.cells[1].source = "print('computed otherwise')"
    nbformat.write(notebook, path)
    stale = standings.standing("T04")
    assert (stale.verdict, stale.printed) == ("stale", "fails")
    assert stale.stale == ("the code of cell 1 has changed",)


def test_an_item_of_the_paper_stands_with_its_condition(state_claims, print_verdict):
    state_claims(ITEM)
    path, notebook = print_verdict(("P01", "holds when", "z 2", "the energy is spread evenly"))
    found = standings.standing("P01")
    assert (found.verdict, found.condition, found.evidence) == ("holds when", "the energy is spread evenly", "z 2")
    assert found.words == "holds when the energy is spread evenly"

    notebook.cells[1].source = "print('computed otherwise')"
    nbformat.write(notebook, path)
    assert standings.standing("P01").words == "stale"


def test_an_edited_verdict_is_stale(state_claims, print_verdict):
    state_claims(CLAIM)
    path, _ = print_verdict(("T04", "fails", "z 7, limit 5"))
    path.write_text(path.read_text().replace("fails", "holds"))
    assert standings.standing("T04").verdict == "stale"


def test_two_verdicts_on_one_claim(state_claims, print_verdict):
    state_claims(CLAIM)
    print_verdict(("T04", "holds", "a"), ("T04", "fails", "b"))
    with pytest.raises(ClaimError, match="2 verdicts on T04"):
        standings.standings()


def test_a_result_that_cannot_be_read_decides_nothing(state_claims, checkout):
    state_claims(RUN)
    (checkout / "results").mkdir()
    (checkout / "results" / "one.json").write_text("{}", encoding="utf-8")
    assert verdicts() == [("C01", "not run")]
    judged = standings.standings({"runs": lambda claim: Standing(claim, "inconclusive")})
    assert [one.verdict for one in judged] == ["inconclusive"]


def test_only_those_asked_for(state_claims):
    state_claims(CLAIM, RUN)
    assert [one.claim.id for one in standings.standings(ids=["C01", "T04", "C01"])] == ["C01", "T04"]
    with pytest.raises(ClaimError, match="no claim 'C02'"):
        standings.standings(ids=["C01", "C02"])


def test_unknown_claim(state_claims):
    state_claims(CLAIM)
    with pytest.raises(ClaimError, match=r"no claim 'T05'; .* has T04"):
        standings.standing("T05")


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({**CLAIM, "id": "X1"}, r"X1\.id"),
        ({**CLAIM, "mark": "Q"}, r"T04\.mark"),
        ({**CLAIM, "statment": "b"}, r"T04\.statment"),
        ({**CLAIM, "tolerance": ""}, r"T04\.tolerance"),
        ({**CLAIM, "source": "runs", "test": TEST}, "T and P ids are theory"),
        ({**ITEM, "item": ""}, "P01: `item` names an item of the paper; P ids need it"),
        ({**CLAIM, "item": "Lemma IV.2"}, "T04: `item` names an item of the paper; .* other ids have none"),
        ({**ITEM, "mark": "D"}, "P01 has mark 'D'"),
        ({**CLAIM, "test": TEST}, "theory claims have none"),
        ({**RUN, "test": "a paired difference"}, r"C01\.test"),
        ({**RUN, "test": {**TEST, "measure": "accuracy"}}, r"C01\.test\.difference\.measure"),
        ({key: RUN[key] for key in RUN if key != "test"}, "run claims need it"),
        ({key: CLAIM[key] for key in CLAIM if key != "shows"}, "T04 has no `shows`"),
    ],
)
def test_a_claim_is_complete(state_claims, entry, says):
    state_claims(entry)
    with pytest.raises(ClaimError, match=says):
        claims.load()


def test_an_id_names_one_claim(state_claims):
    state_claims(CLAIM, CLAIM)
    with pytest.raises(ClaimError, match="T04 stands there twice"):
        claims.load()


def test_the_primary_family_is_small(state_claims):
    family = [{**RUN, "id": f"C{number:02d}", "test": {**TEST, "primary": True}} for number in range(1, 10)]
    state_claims(*family[:8])
    assert len(claims.load()) == 8
    state_claims(*family)
    with pytest.raises(ClaimError, match="9 claims are primary"):
        claims.load()


def test_not_a_list(checkout):
    (checkout / "book" / "claims.yml").write_text("T04: a", encoding="utf-8")
    with pytest.raises(ClaimError, match="list of claims"):
        claims.load()


def test_order_is_kept(state_claims):
    state_claims(RUN, CLAIM)
    assert claims.load() == (Claim(**RUN), Claim(**CLAIM))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<<<<<<< HEAD\n- id: T01\n", "line 2"),
        (b"\t- id: T01", "line 1"),
        (b"- 1", "entry 1 has no `id`"),
        (b"- id: 5", "entry 1 has no `id`"),
        (b"a: 1", "it holds one dict"),
        (b"text", "it holds one str"),
        (b"", "it holds nothing; a list without a claim is []"),
        (b"# a comment alone", "it holds nothing"),
        (b"- id: T01\n  id: T02", "line 2, column 3: id is given twice"),
        (b"- id: \xe9", "line 1 has the byte 0xe9"),
        (b"- id: &a T01\n- id: *a", "references"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_list_that_cannot_be_read_is_one_line_with_file_and_place(checkout, run, content, says):
    (checkout / "book" / "claims.yml").write_bytes(content)
    with pytest.raises(ClaimError, match=r"^book/claims\.yml ") as caught:
        claims.load()
    assert says in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    code, _, err = run("claims")
    assert (code, err.strip()) == (2, f"cl-core: {caught.value}")
