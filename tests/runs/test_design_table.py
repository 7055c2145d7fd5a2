"""The table of a design: records sealed, added whole, and named where one was edited."""

import json
from dataclasses import replace

import numpy as np
import pytest
from support.made_designs import make_record

from cl_core.runs import design_table
from cl_core.runs.design_table import append, complete_protocols, dumps, loads, parse_table, read_table, states
from cl_core.runs.designs import ROLES


def made(role="frozen", protocol=0, **changed):
    return make_record("split-cifar100", protocol, role, 40.0, 20.0, **changed)


def test_a_record_is_read_as_it_was_written_and_measures_what_was_planted():
    record = made()
    again = loads(dumps(record), where="here")
    assert again == record
    assert design_table.own_digest(again) == record.digest
    assert [again.measure(name) for name in ("avg_acc", "task_acc", "forgetting")] == pytest.approx([40.0, 50.0, 20.0])
    assert states([again], confirmed=True)[0, "frozen"].word == "current"
    assert states([again], confirmed=False)[0, "frozen"].unconfirmed


def test_a_run_that_diverged_is_a_record_without_numbers():
    failed = made(failure="the training loss is nan", correct=(), classes=(), test_sizes=(), data={})
    assert np.isnan(loads(dumps(failed), where="here").measure("avg_acc"))
    assert not states([failed], confirmed=True)[failed.key].stale


def test_records_are_added_whole_one_each_and_an_unsealed_one_is_refused(tmp_path):
    path = tmp_path / "designs" / "split-cifar100.jsonl"
    for role in ("frozen", "adaptive"):
        append(path, made(role))
    assert [record.role for record in read_table(path)] == ["frozen", "adaptive"]
    assert path.read_text(encoding="utf-8").endswith("}\n")
    with pytest.raises(ValueError, match="no record is ever changed"):
        append(path, made("frozen"))
    with pytest.raises(ValueError, match="no digest of itself"):
        append(path, replace(made("averaged"), seed=7))
    assert len(read_table(path)) == 2
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def elsewhere(role, protocol=0):
    data = {"name": "cifar100", "label": "CIFAR-100", "route": "official", "digest": "f" * 64}
    return made(role, protocol, data=data)


def test_a_record_on_other_images_than_its_protocol_s_others_is_refused(tmp_path):
    path = tmp_path / "split-cifar100.jsonl"
    append(path, made("frozen"))
    with pytest.raises(
        ValueError, match=r"in protocol 0 the runs are on different images, .* and CIFAR-100 \(ffffffff"
    ):
        append(path, elsewhere("adaptive"))
    append(path, elsewhere("adaptive", protocol=1))
    append(path, made("adaptive", failure="it diverged", correct=(), classes=(), test_sizes=(), data={}))
    assert [record.key for record in read_table(path)] == [(0, "frozen"), (1, "adaptive"), (0, "adaptive")]


def test_a_protocol_on_different_images_is_stale_and_never_complete():
    mixed = [elsewhere(role) if role == "averaged" else made(role) for role in ROLES]
    records = [*mixed, *(made(role, protocol=1) for role in ROLES), *(elsewhere(role, protocol=2) for role in ROLES)]
    found = states(records, confirmed=True)
    said = "in its protocol the runs are on different images, cifar100 (6211666e) and CIFAR-100 (ffffffff)"
    assert {key: state.stale for key, state in found.items() if state.stale} == {(0, role): (said,) for role in ROLES}
    assert list(complete_protocols(records)) == [1, 2]
    assert {record.protocol for record in design_table.current(records)} == {1, 2}


def test_a_record_is_added_by_who_holds_the_table(tmp_path):
    path = tmp_path / "split-cifar100.jsonl"
    with design_table.hold_table(path) as add:
        with pytest.raises(RuntimeError, match=r"another process fills the table .*; wait for it, or stop it"):
            append(path, made("frozen"))
        add(made("adaptive"))
    append(path, made("frozen"))
    assert [record.role for record in read_table(path)] == ["adaptive", "frozen"]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"correct": ((10_000, None), (10_000, 10_000))}, "it was edited"),
        ({"seed": 0}, "it was edited"),
    ],
)
def test_an_edited_record_is_named(changed, says):
    edited = replace(made(), **changed)
    assert says in " ".join(states([edited], confirmed=True)[0, "frozen"].stale)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"seed": 0}, "other settings now"),
        ({"levels": {}}, "draws other levels"),
        ({"computes": 0}, "protocol 0, now 1"),
        ({"protocol": 200}, "no longer has this run"),
        ({"correct": ((9, None), (10_001, 3))}, "task 1 after task 2: 10001 right of 10000"),
        ({"correct": ((9, 3), (9, 3))}, "task 2 after task 1: 3 right"),
        ({"correct": ((9, None),)}, "an entry for each task"),
        ({"data": {"name": "mnist"}}, "data 'mnist'"),
        ({"data": {"name": "cifar100", "route": "prepared", "digest": "0"}}, "not among those that this version knows"),
        ({"failure": "it diverged"}, "it diverged, and has counts"),
    ],
)
def test_a_record_that_was_edited_and_sealed_again_is_held_against_the_design(changed, says):
    resealed = replace(made(), **changed).sealed()
    assert says in " ".join(states([resealed], confirmed=True)[resealed.key].stale)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 2 is not a record of a design"),
        ("[]", "just the fields"),
        (json.dumps({"version": 1}), "just the fields"),
        (dumps(replace(made("averaged"), version=2)), "of version 2"),
        (dumps(made("averaged")).replace('"seed":', '"seed":"'.strip('"') + '"x",'[:0] + '"a":1,"seed":'), "line 2"),
        (dumps(made("frozen")), "stands there twice"),
    ],
)
def test_a_line_that_is_no_record_is_one_error_that_names_it(line, says):
    content = (dumps(made("frozen")) + "\n" + line + "\n").encode()
    with pytest.raises(ValueError, match="table, line 2") as error:
        parse_table(content, name="table")
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_protocol_is_complete_with_all_roles_whatever_their_order():
    records = [made(role, protocol) for protocol in (1, 0) for role in reversed(ROLES)]
    assert list(complete_protocols(records)) == [0, 1]
    assert list(complete_protocols(records[1:])) == [0]


def test_the_version_of_the_form_stands_in_every_line():
    assert json.loads(dumps(made()))["version"] == design_table.VERSION
