"""Staleness: what decides a result makes it stale; changed code alone makes it unconfirmed."""

from dataclasses import replace

import pytest

from cl_core.experiments import catalogue, store
from cl_core.experiments.plan import make_plan
from cl_core.experiments.provenance import code_digest, code_digests
from cl_core.runs import ledger, staleness
from cl_core.runs.result_set import read_results


def put(checkout, result):
    made = make_plan(result.experiment, result.strategy, result.seed, result.profile, overrides=result.overrides)
    path = checkout / "results" / made.name
    store.save(result, path)
    return path


def only_state(checkout):
    (state,) = read_results().states.values()
    return state


def test_a_result_of_today_is_current(make_result, checkout):
    put(checkout, make_result())
    assert only_state(checkout) == staleness.State()


def test_a_changed_number_is_stale(make_result, checkout):
    path = put(checkout, make_result())
    path.write_text(path.read_text().replace("[6, 9, 8]", "[7, 9, 8]"))
    assert "edited" in only_state(checkout).stale[0]


def test_a_changed_recorded_time_is_stale_too(make_result, checkout):
    path = put(checkout, make_result())
    path.write_text(path.read_text().replace("12.5", "11.5"))
    assert "edited" in only_state(checkout).stale[0]


def test_another_protocol_is_stale(make_result, checkout):
    put(checkout, make_result(protocol=catalogue.PROTOCOL - 1))
    assert only_state(checkout).stale == (f"protocol {catalogue.PROTOCOL - 1}, now {catalogue.PROTOCOL}",)


def test_a_changed_setting_is_stale_and_named(make_result, checkout):
    config = dict(make_result().config)
    put(checkout, make_result(config={**config, "epochs": config["epochs"] + 1}))
    assert only_state(checkout).stale == (f"epochs: {config['epochs'] + 1}, now {config['epochs']}",)


def test_an_unknown_copy_of_the_data_is_stale(make_result, checkout):
    data = dict(make_result().data)
    put(checkout, make_result(data={**data, "digest": "0" * 64}))
    assert "not among those" in only_state(checkout).stale[0]


def test_an_unknown_copy_of_the_data_is_a_users_own_in_a_folder_of_theirs(make_result, tmp_path):
    data = {**make_result().data, "digest": "0" * 64}
    store.save(make_result(data=data), tmp_path / "cpu/split-cifar10/frozen-0.json")
    assert [state.word for state in read_results(tmp_path).states.values()] == ["current"]


STREAM = """
import numpy as np
from cl_core.streams import Stream

rows, labels = np.arange(24.0).reshape(8, 3), np.arange(8) % 2
tasks = Stream.of([(rows, labels, rows, labels)] * 2, name="digits")
"""


def test_a_stream_of_ones_own_may_be_called_as_a_data_set_is(make_result, own_files, tmp_path):
    own_files.write("mine.py", STREAM)
    plan = make_plan("mine:tasks", "frozen", 0, "smoke")
    data = {"name": "digits", "label": "digits", "route": "given", "digest": "a" * 64}
    fields = {"experiment": "mine:tasks", "profile": "smoke", "config": plan.config, "data": data}
    result = replace(make_result(), **fields).sealed()
    assert staleness.state(result, name=plan.name).stale == ()
    # Among the repository's own it is as foreign as by any other name.
    assert "not among those that this version knows" in staleness.state(result, reference=True).stale[0]
    assert "data 'other', now 'digits'" in staleness.state(replace(result, data={**data, "name": "other"})).stale[1]


def test_another_data_set_is_stale(make_result, checkout):
    data = dict(make_result().data)
    put(checkout, make_result(data={**data, "name": "mnist"}))
    assert only_state(checkout).stale == ("data 'mnist', now 'cifar10'",)


def test_a_run_that_the_catalogue_no_longer_has_is_stale(make_result, checkout):
    store.save(replace(make_result(), strategy="thawed").sealed(), checkout / "results/cpu/split-cifar10/thawed-0.json")
    assert "no longer has this run" in only_state(checkout).stale[0]


def test_a_result_under_another_name_is_stale(make_result, checkout):
    store.save(make_result(), checkout / "results/cpu/split-cifar10/frozen-7.json")
    assert "stands at" in only_state(checkout).stale[0]


def test_changed_code_alone_is_unconfirmed(make_result, checkout):
    code = {**code_digests(), "cl_core/strategies.py": "0" * 16}
    put(checkout, make_result(recorded={"files": code}))
    assert only_state(checkout) == staleness.State(unconfirmed=("cl_core/strategies.py",))


def test_changed_code_is_no_doubt_once_golden_runs_confirm_todays(make_result, checkout, make_confirmation):
    put(checkout, make_result(recorded={"files": {**code_digests(), "cl_core/strategies.py": "0" * 16}}))
    ledger.add(make_confirmation(code="f" * 64))
    assert only_state(checkout).word == "unconfirmed"
    ledger.add(make_confirmation(code=code_digest()))
    assert only_state(checkout).word == "current"
    # The ledger does not mend what decides a result.
    put(checkout, make_result(protocol=catalogue.PROTOCOL - 1, seed=1))
    assert [state.word for state in read_results().states.values()] == ["current", "stale"]


def test_a_file_that_cannot_be_read_is_stale(make_result, checkout):
    path = put(checkout, make_result())
    path.write_text(path.read_text()[:200])
    assert "not JSON" in only_state(checkout).stale[0]


@pytest.mark.parametrize(
    ("happens", "says"),
    [("nothing", None), ("gone", "is not there"), ("other numbers", "has changed"), ("other times", None)],
)
def test_a_control_follows_its_two_level_run(make_result, checkout, happens, says):
    two_level = make_result(strategy="two-level")
    name = "cpu/split-cifar10/two-level-0.json"
    source = {"name": name, "digest": two_level.digest, "outcome": two_level.outcome}
    put(checkout, make_result(strategy="two-level-random", source=source))
    if happens == "other numbers":
        two_level = make_result(strategy="two-level", magnitudes=(2, 2, 1))
    if happens == "other times":
        two_level = make_result(strategy="two-level", recorded={"times": {"total": 1}, "files": code_digests()})
    if happens != "gone":
        put(checkout, two_level)
    stale = read_results().states["cpu/split-cifar10/two-level-random-0.json"].stale
    assert stale == () if says is None else says in stale[0]


def test_the_outcome_is_blind_to_times_and_sees_counts(make_result):
    timed = make_result(recorded={"times": {"total": 99}})
    assert timed.outcome == make_result().outcome
    assert timed.digest != make_result().digest
    assert make_result(train_correct=(99, 98, 96)).outcome != make_result().outcome
    followed = [{"name": "x", "digest": digest, "outcome": outcome} for digest, outcome in ("aa", "ba", "bb")]
    one, later, other = (make_result(strategy="two-level-random", source=source).outcome for source in followed)
    assert one == later != other
