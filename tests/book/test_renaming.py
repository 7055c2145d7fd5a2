"""A renamed result is the old one under another name: undone, it has the digest that the ledger kept of it."""

from dataclasses import replace

import pytest
from cl_book import renaming
from cl_book.claims.stated import claim_digests
from cl_book.renaming import NAMES, claims_as_before, rename_result, rename_stored

from cl_core import files
from cl_core.experiments import store
from cl_core.experiments.store import RESULTS, own_digest
from cl_core.runs import ledger

(RENAMING,) = ledger.renamings()
OLD_STRATEGIES = {new: old for old, new in RENAMING.names.items()}
BY_NEW_NAME = {one.new: one for one in RENAMING.results}


def with_old_name(name: str):
    """Return the result called `name` now as it was before, with its old digest computed anew."""
    result = store.load(f"{RESULTS}/{name}")
    source = result.source
    if source is not None and source["name"] in BY_NEW_NAME:
        followed = with_old_name(source["name"])
        source = {"name": BY_NEW_NAME[source["name"]].old, "digest": followed.digest, "outcome": followed.outcome}
    return replace(result, strategy=OLD_STRATEGIES[result.strategy], source=source).sealed()


def test_every_renamed_result_has_its_old_digest_when_the_renaming_is_undone():
    assert len(RENAMING.results) > 100
    for one in RENAMING.results:
        before = with_old_name(one.new)
        assert own_digest(before) == one.old_digest, one.new
        assert store.load(f"{RESULTS}/{one.new}").digest == one.new_digest
        assert one.old.rpartition("/")[0] == one.new.rpartition("/")[0]
        assert one.new.rpartition("/")[2] == one.old.rpartition("/")[2].replace(
            before.strategy, RENAMING.names[before.strategy], 1
        )


def test_no_result_of_before_is_left_and_no_other_one_was_taken():
    stored = set(store.stored())
    old = {f"{RESULTS}/{one.old}": one.old_digest for one in RENAMING.results}
    # Algorithm 1, which has the name today, has runs of its own at some of these places.
    assert all(store.load(name).digest != old[name] for name in stored & set(old))
    assert all(store.load(name).strategy not in OLD_STRATEGIES for name in stored & set(old))
    renamed = {name.removeprefix(f"{RESULTS}/") for name in stored if store.load(name).strategy in OLD_STRATEGIES}
    assert set(BY_NEW_NAME) <= renamed


def test_a_claim_that_was_renamed_alone_has_its_old_digest_when_the_renaming_is_undone():
    now, before = claim_digests(), claims_as_before(RENAMING.names)
    names_alone = {id: then for id, then in RENAMING.claims.items() if now.get(id) in then.values()}
    assert len(names_alone) > 20
    assert all(then == {before[id]: now[id]} for id, then in names_alone.items())


@pytest.fixture
def both(make_result, checkout):
    """A run of the rule and a control that follows it, stored under the old names."""
    rule = replace(make_result(strategy="two-level"), strategy="adaptive").sealed()
    source = {"name": "cpu/split-cifar10/adaptive-0.json", "digest": rule.digest, "outcome": rule.outcome}
    control = replace(make_result(strategy="two-level-random", source=source), strategy="random").sealed()
    other = make_result(strategy="frozen")
    for result in (rule, control, other):
        store.save(result, checkout / f"results/cpu/split-cifar10/{result.strategy}-0.json")
    return rule, control, other


def test_a_control_follows_the_renamed_run_and_another_run_keeps_every_byte(both, checkout):
    rule, control, other = both
    renamed = {one.old: one for one in rename_stored(NAMES)}
    folder = checkout / "results/cpu/split-cifar10"
    assert {path.name for path in folder.iterdir()} == {
        "two-level-0.json",
        "two-level-random-0.json",
        "frozen-0.json",
    }
    assert (folder / "frozen-0.json").read_text() == store.dumps(other)
    new_rule, new_control = (store.load(folder / f"two-level{end}-0.json") for end in ("", "-random"))
    assert new_control.source == {
        "name": "cpu/split-cifar10/two-level-0.json",
        "digest": new_rule.digest,
        "outcome": new_rule.outcome,
    }
    assert new_rule == replace(rule, strategy="two-level", digest=new_rule.digest)
    assert renamed["cpu/split-cifar10/random-0.json"].old_digest == control.digest


def test_a_result_of_another_strategy_is_left_as_it_is(make_result):
    result = make_result(strategy="frozen")
    assert rename_result(result, NAMES, {}) == result


def test_a_file_that_would_not_come_out_the_same_is_refused(both, checkout):
    path = checkout / "results/cpu/split-cifar10/adaptive-0.json"
    path.write_text(path.read_text() + "\n")
    with pytest.raises(ValueError, match="is not written as this version writes results"):
        rename_stored(NAMES)
    assert path.exists()


def test_it_is_refused_where_an_old_name_means_something_today(monkeypatch):
    monkeypatch.setattr(renaming, "NAMES", {"frozen": "cold"})
    before = files.read_text(ledger.LEDGER)
    with pytest.raises(SystemExit, match="frozen names a strategy of today"):
        renaming.main()
    assert files.read_text(ledger.LEDGER) == before
