"""The design's page: with no record, with three, and with all of them."""

import re
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from cl_book.claims import design_analysis as analysis
from cl_book.claims.design_analysis import Share
from cl_book.pages import design_pages
from docutils import nodes
from support.made_designs import make_table

from cl_core.runs.design_table import complete_protocols, read_stored
from cl_core.runs.designs import ROLES, find_design

NAME = "split-cifar100"
DESIGN = find_design(NAME)


def words(found):
    return " ".join(node.astext() for node in found)


def make_part(monkeypatch, records, part):
    monkeypatch.setattr(design_pages, "read_current", lambda _name: tuple(records))
    monkeypatch.setattr(design_pages, "noted", lambda *_: None)
    directive = SimpleNamespace(arguments=[NAME, part], env=SimpleNamespace(docname="book/protocols-studied"))
    return design_pages.DesignPart.run(directive)


@pytest.fixture(scope="module")
def whole():
    def drawn(number, _):
        values = np.random.default_rng(number).normal(0, 2, (len(ROLES), 2))
        return {role: (45 + a, 20 + f) for role, (a, f) in zip(ROLES, values, strict=True)}

    return make_table(NAME, drawn)


def test_what_was_seen_afterwards_counts_each_protocol_once_a_cut(monkeypatch):
    drawn = DESIGN.draw()
    epochs = [DESIGN.plan(number, "initialized").config["epochs"] for number in range(DESIGN.protocols)]
    better = {number for number in range(DESIGN.protocols) if epochs[number] >= 4}
    made = make_table(NAME, lambda number, _: {"frozen-0": (51 if number in better else 49, 10)})
    found = make_part(monkeypatch, made, "afterwards")
    rows = [row.astext().split("\n\n") for row in found[0].findall(nodes.row)][1:]
    counts = {tuple(row[:2]): re.search(r"in (\d+) of (\d+) protocols", row[2]).groups() for row in rows}
    assert len(counts) == len(rows) == 4 + 2 + 2 + 4 + 3 + 2
    for words in {row[0] for row in rows}:
        cuts = [int(of) for (order, _), (_, of) in counts.items() if order == words]
        assert sum(cuts) % DESIGN.protocols == 0
    for number, words in ((1, "1 epoch"), (2, "2 epochs"), (4, "4 epochs"), (12, "12 epochs")):
        of = epochs.count(number)
        assert counts["no update above initialized", words] == (str(of if number >= 4 else 0), str(of))
    still = [one["heads"] == "one" or (one["norm"], one["statistics"]) == ("batch", "moving") for one in drawn]
    known = [
        counts["no update above frozen", f"in no update {what} move"]
        for what in ("a head or statistics", "only new heads")
    ]
    assert [of for _, of in known] == [str(sum(still)), str(150 - sum(still))]


def test_where_only_new_heads_move_the_stored_runs_forget_nothing():
    rows = complete_protocols(read_stored(NAME))
    assert rows
    for row in rows.values():
        nothing = row["frozen-0"].measure("forgetting") == 0
        assert nothing == (design_pages._tell_what_moves(row) == "in no update only new heads move")


@pytest.mark.parametrize("records", [0, 3])
@pytest.mark.parametrize("part", design_pages.PARTS)
def test_without_a_slice_every_part_says_how_many_protocols_ran(monkeypatch, whole, records, part):
    found = words(make_part(monkeypatch, whole[:records], part))
    if part == "fields":
        assert "SHA-256 of all the rest" in found
        return
    if part == "axes":
        assert "flips-and-crops" in found
        assert "not varied: " in found
        return
    assert "0 of 150 protocols" in found
    assert part != "progress" or f"({records} of 750 runs)" in found


@pytest.mark.parametrize("part", design_pages.PARTS)
def test_with_all_records_every_part_is_there(monkeypatch, whole, part):
    found = make_part(monkeypatch, whole, part)
    assert "have run; the results" not in words(found)
    assert {"progress": "150 of 150", "region": "regions", "deciding": "%"}.get(part, "") in words(found)
    if part == "shares":
        assert len(list(found[0].findall(nodes.row))) == 1 + 9 + 4
    if part == "paper-orders":
        assert len(list(found[0].findall(nodes.row))) == 1 + 9
        assert words(found).count("of 150 protocols") == 9
    if part == "budget":
        cells = [row.astext().split("\n\n") for row in found[0].findall(nodes.row)][1:]
        named = [level + heads for heads in ("", ", heads alike") for level in ("same", "frozen-then-whole")]
        assert [row[:2] for row in cells] == [[title, words] for title in ("Avg.Acc", "Task.Acc") for words in named]
        sizes = [int(re.search(r"in \d+ of (\d+) protocols", row[2]).group(1)) for row in cells]
        drawn = find_design(NAME).draw()
        alike = Counter(one["budget"] for one in drawn if one["head"] in ("fitted", "plain"))
        assert sizes == 2 * [75, 75, alike["same"], alike["frozen-then-whole"]]
    if part == "curves":
        assert len(found) == 4
        assert all("<svg" in figure[0]["svg"] for figure in found)
        assert all(figure[-1]["csv"].count("\n") == 151 for figure in found)


def test_choices_that_predict_nothing_are_not_said_to_decide(monkeypatch, whole):
    found = (analysis.Decides("step", 0.08, -0.004, 0.2),)
    monkeypatch.setattr(analysis, "find_deciding", lambda *_: (-0.23, found))
    told = words(make_part(monkeypatch, whole, "deciding"))
    assert "−23 %" in told
    assert "no better than the mean" in told
    assert "step" not in told
    assert "none shown to decide" in words(make_part(monkeypatch, whole, "curves"))
    monkeypatch.setattr(analysis, "find_deciding", lambda *_: (0.051, found))
    told = words(make_part(monkeypatch, whole, "deciding"))
    assert "5 %" in told
    assert "step 8 % (0 to 20)" in told
    assert "no better" not in told
    assert "none shown to decide" not in words(make_part(monkeypatch, whole, "curves"))


def test_runs_that_diverged_are_counted():
    records = make_table(NAME, lambda *_: {}, 1)
    text = words(design_pages.describe_progress(DESIGN, 5, complete_protocols(records), ["nan"]))
    assert "One run diverged, and counts" in text
    assert "By machine" not in text


def test_machines_are_told_where_there_are_several_and_protocols_that_mix_them():
    def on(record, family):
        return replace(record, recorded={"machine": {"processor": "Some", "family": family, "device": "cpu"}})

    records = make_table(NAME, lambda *_: {}, 3)
    made = [on(record, "1" if record.protocol == 0 or record.role == "frozen" else "2") for record in records]
    text = words(design_pages.describe_progress(DESIGN, 15, complete_protocols(made), []))
    assert "By machine: 3 on Some, family 1, 2 on Some, family 2; 2 on more than one." in text
    alone = [on(record, "1") for record in records]
    assert "By machine" not in words(design_pages.describe_progress(DESIGN, 15, complete_protocols(alone), []))


def test_a_bar_says_its_share_in_words_and_shows_it():
    bar = design_pages.make_bar(Share(61, 150, 0.33, 0.49))
    assert "Holds in 61 of 150 protocols, 41 % (33 to 49)" in bar.astext()
    assert "--share:41%" in next(iter(bar.findall(nodes.raw))).astext()
