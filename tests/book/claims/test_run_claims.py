"""Where claims on runs stand: from made-up results to verdict, labels and evidence."""

import re

import pytest
import yaml
from cl_book.claims import standings as claims
from cl_book.claims.claim import Claim
from cl_book.claims.report import by_chance, describe_readings, entry, lines
from cl_book.claims.run_claims import decide, runs_judge
from cl_book.claims.stated import claim_digests
from cl_book.notebooks.record import format_signed
from support.made_results import official_images

from cl_core.experiments import controls
from cl_core.experiments.provenance import code_digests
from cl_core.runs import ledger
from cl_core.runs.result_set import ResultSet, read_results

SEEDS = range(5)
WOBBLE = (-0.2, -0.1, 0.0, 0.1, 0.2)
CLAIM = {
    "id": "C01",
    "title": "a",
    "statement": "b",
    "where": "c",
    "mark": "S",
    "source": "runs",
    "page": "notebooks/page",
    "shows": "d",
    "tolerance": "e",
}
TEST = {
    "kind": "difference",
    "experiment": "split-cifar100",
    "of": "frozen",
    "against": "initialized",
    "measure": "forgetting",
    "direction": "less",
    "seeds": "0-4",
}


def claim(name="C01", **fields):
    return {**CLAIM, "id": name, "test": {**TEST, **fields}}


@pytest.fixture
def state(checkout):
    def write(*entries):
        (checkout / "book" / "claims.yml").write_text(yaml.safe_dump(list(entries)), encoding="utf-8")

    return write


@pytest.fixture
def stand(state):
    """State the one claim of these fields, and return where it stands."""

    def ask(**fields):
        state(claim(**fields))
        return claims.standing("C01")

    return ask


def falling(by, **more):
    """Runs of initialized that forget 20, and of frozen that forget `by` less, give or take."""
    return {"initialized": {"forgetting": 20.0}, "frozen": {"forgetting": lambda s: 20.0 - by - WOBBLE[s], **more}}


@pytest.mark.parametrize(
    ("by", "verdict", "label"),
    [(2.0, "reproduced", None), (0.1, "not reproduced", None), (-1.0, "not reproduced", "reversed")],
)
def test_a_verdict_from_results(state, keep_all, stand, by, verdict, label):
    state(claim())
    keep_all("split-cifar100", SEEDS, falling(by))
    found = stand()
    assert found.verdict == verdict
    assert (label in found.labels) == (label is not None)
    assert "exploratory" in found.labels
    assert found.interval.mean == pytest.approx(by, abs=0.01)
    assert f"{format_signed(round(by, 2))} points, 95 % interval" in found.evidence


def test_a_claim_is_not_run_until_every_run_is_there(state, keep_all, keep, stand):
    assert (stand().verdict, stand().evidence) == ("not run", "none of its runs is there")
    keep_all("split-cifar100", range(4), falling(2.0))
    path = keep("split-cifar100", "initialized", 4)
    assert "4 of 5 seeds are complete; missing: split-cifar100 · frozen · seed 4" in stand().evidence
    assert re.search(
        r"so far [+−]\d+\.\d\d points over 4 seeds, (as claimed|against the claim); no verdict", stand().evidence
    )
    assert stand().verdict == "not run"
    keep("split-cifar100", "frozen", 4, forgetting=17.8)
    assert stand().verdict == "reproduced"
    path.unlink()
    assert stand().verdict == "not run"


def test_a_changed_number_makes_a_result_stale_and_the_claim_not_run(keep_all, stand, checkout):
    keep_all("split-cifar100", SEEDS, falling(2.0))
    assert stand().verdict == "reproduced"
    path = checkout / "results/cpu/split-cifar100/frozen-3.json"
    path.write_text(re.sub(r"60000", "60001", path.read_text(), count=1), encoding="utf-8")
    found = stand()
    assert found.verdict == "not run"
    assert "stale: cpu/split-cifar100/frozen-3.json" in found.evidence


def test_inconclusive_says_how_many_seeds_it_would_take(keep_all, stand):
    noise = (-3.0, 2.0, 0.0, -1.5, 3.5)
    keep_all(
        "split-cifar100",
        SEEDS,
        {"initialized": {"forgetting": 20.0}, "frozen": {"forgetting": lambda s: 20 + noise[s]}},
    )
    found = stand()
    assert found.verdict == "inconclusive"
    assert re.search(r"\d+ seeds would have 80 % power at δ", found.evidence)


def test_forgetting_is_never_told_alone(keep_all, stand):
    keep_all("split-cifar100", SEEDS, falling(2.0))
    assert (
        "frozen: Task.Acc 60.00, Avg.Acc 46.50, lost share 36 %; "
        "initialized: Task.Acc 60.00, Avg.Acc 45.00, lost share 40 %"
    ) in stand().evidence


def test_less_forgetting_at_lower_accuracy_is_by_learning_less(keep_all, stand):
    keep_all("split-cifar100", SEEDS, falling(2.0, task_acc=50.0))
    assert "by learning less" in stand().labels
    assert stand().verdict == "reproduced"
    # Said the other way round it is the other side that forgets less.
    turned = stand(of="initialized", against="frozen", direction="more")
    assert (turned.verdict, "by learning less" in turned.labels) == ("reproduced", True)
    assert "by learning less" not in stand(measure="task_acc", direction="less").labels


def test_less_forgetting_at_higher_accuracy_has_no_such_label(keep_all, stand):
    keep_all("split-cifar100", SEEDS, falling(2.0))
    assert "by learning less" not in stand().labels


def recorded(machine):
    return {"files": code_digests(), "claims": claim_digests(), "machine": machine}


def test_runs_that_share_no_first_task_are_named(keep_all, stand):
    # Made-up runs know one accuracy on new tasks, so another one is another first task.
    accuracy = {"task_acc": lambda s: 60.0 if s < 3 else 61.0}
    keep_all("split-cifar100", SEEDS, {"initialized": {}, "frozen": {"forgetting": 18.0, **accuracy}, "two-level": {}})
    assert "at 2 seeds the runs come from machines that round differently" in stand().evidence
    assert "round differently" not in stand(of="two-level").evidence


def test_runs_that_train_the_first_task_otherwise_need_not_share_it(keep_all, stand):
    keep_all("split-cifar100", SEEDS, {"frozen": {"task_acc": 61.0}, "frozen epochs=8": {}})
    found = stand(against="frozen epochs=8")
    assert found.verdict != "not run"
    assert "round differently" not in found.evidence


def test_runs_that_train_the_first_task_otherwise_are_told_apart_by_their_machines(keep, keep_all, stand):
    machines = {"here": {"device": "cpu", "processor": "A"}, "there": {"device": "some card"}}
    for seed in SEEDS:
        keep("split-cifar100", "frozen", seed, recorded=recorded(machines["here"]))
        keep("split-cifar100", "frozen epochs=8", seed, recorded=recorded(machines["there" if seed < 3 else "here"]))
        # What is not recorded of a machine tells nothing.
        keep("split-cifar100", "frozen epochs=2", seed, recorded=recorded({"processor": "A"}))
    told = "at 3 seeds the sides train their first task differently, on machines that round differently"
    assert told in stand(against="frozen epochs=8").evidence
    assert "round differently" not in stand(against="frozen epochs=2").evidence


def test_runs_on_different_images_are_no_pair_and_no_machine_is_blamed(keep, keep_all, stand):
    keep_all("split-cifar100", range(7), {"initialized": {"forgetting": 20.0}})
    keep_all("split-cifar100", SEEDS, {"frozen": {"forgetting": lambda s: 18.0 - WOBBLE[s]}})
    for seed in (5, 6):
        keep("split-cifar100", "frozen", seed, task_acc=70.0, data=official_images("cifar100"))
    found = stand(seeds="0-6")
    assert (found.verdict, found.interval.seeds) == ("reproduced", 5)
    assert (
        "left out: seeds 5 and 6 of the 7 (the runs are on different images, CIFAR-100 (ffffffff) and" in found.evidence
    )
    assert "at 2 seeds the runs are on different images, so they share no first task" in found.evidence
    assert "round differently" not in found.evidence


def test_other_depths_and_tunings_are_compared_on_the_same_images_alone(keep_all, stand):
    keep_all("split-cifar100", SEEDS, falling(2.0))
    elsewhere = {"data": official_images("cifar100")}
    keep_all("split-cifar100", range(3), {"frozen trained=2": {"forgetting": 29.0, **elsewhere}})
    keep_all("split-cifar100", range(3), {"initialized learning_rate=0.01": {"forgetting": 5.0, **elsewhere}})
    keep_all("split-cifar100", range(3), {"frozen learning_rate=0.01": {"forgetting": 15.0, **elsewhere}})
    found = stand()
    assert "number of trained blocks" not in found.evidence
    assert not any("tuning" in word for word in (*found.labels, found.evidence))


def test_a_sign_that_turns_with_the_depth_is_said(keep_all, stand):
    keep_all("split-cifar100", SEEDS, falling(2.0))
    assert "number of trained blocks" not in stand().evidence
    keep_all("split-cifar100", range(3), {"frozen trained=2": {"forgetting": 19.0}, "frozen-0": {"forgetting": 0.0}})
    assert "depends on the depth" not in stand().labels
    assert "by number of trained blocks 0: +20.00, 1: +2.00, 2: +1.00" in stand().evidence
    keep_all("split-cifar100", range(3), {"frozen trained=3": {"forgetting": 23.0}})
    assert "depends on the depth" in stand().labels


def test_a_depth_without_the_measure_is_passed_over(keep_all, stand):
    keep_all("split-cifar100", SEEDS, {"initialized": {"update": 2.0}, "frozen": {"update": 1.0}})
    keep_all("split-cifar100", range(3), {"frozen-0": {"update": 0.0}, "frozen trained=2": {"update": 3.0}})
    found = stand(measure="update_norm", delta=10)
    assert found.verdict == "reproduced"
    assert "by number of trained blocks 1: +69.31, 2: −40.55" in found.evidence


def test_what_follows_frozen_follows_it_at_every_depth(keep_all, stand):
    keep_all("split-cifar100", SEEDS, falling(2.0))
    keep_all("split-cifar100", SEEDS, {"within": {"forgetting": 25.0}})
    keep_all("split-cifar100", range(3), {"frozen trained=2": {"forgetting": 30.0}})
    assert "trained blocks" not in stand(of="within", against="frozen", direction="more").evidence
    keep_all("split-cifar100", range(3), {"within trained=2": {"forgetting": 35.0}})
    assert (
        "by number of trained blocks 1: +7.00, 2: +5.00"
        in stand(of="within", against="frozen", direction="more").evidence
    )


def test_a_network_of_few_blocks_has_few_depths(keep_all, stand):
    keep_all("permuted-mnist", SEEDS, {**falling(2.0), "frozen trained=3": {"forgetting": 19.0}})
    found = stand(experiment="permuted-mnist")
    assert found.verdict == "reproduced"
    assert "by number of trained blocks 1: +2.00, 3: +1.00" in found.evidence


def test_a_verdict_that_turns_with_tuning_is_labelled(keep_all, stand):
    keep_all("split-cifar100", SEEDS, falling(2.0))
    keep_all("split-cifar100", range(3), {"initialized learning_rate=0.01": {"task_acc": 70, "forgetting": 15}})
    assert not any("tuning" in word for word in (*stand().labels, stand().evidence))
    keep_all("split-cifar100", range(3), {"frozen learning_rate=0.01": {"task_acc": 40, "forgetting": 5}})
    found = stand()
    assert "depends on tuning" in found.labels
    assert "(frozen; initialized learning_rate=0.01) −" in found.evidence


def test_as_tuned_here_is_not_tuned_otherwise(keep_all, stand):
    # On the three seeds that every tuning has, the sign is another; but no other tuning is better.
    keep_all(
        "split-cifar100",
        SEEDS,
        {"initialized": {"forgetting": 20.0}, "frozen": {"forgetting": lambda s: 20.5 if s < 3 else 15.0}},
    )
    for arm in ("initialized", "frozen"):
        keep_all("split-cifar100", range(3), {f"{arm} learning_rate=0.01": {"task_acc": 40}})
    assert "each strategy does best as it is tuned here" in stand().evidence
    assert "depends on tuning" not in stand().labels


def test_a_trend_is_never_by_learning_less(keep_all, stand):
    depths = {
        f"frozen trained={k}": {"task_acc": 50 + k, "forgetting": lambda s, k=k: 10 + k + WOBBLE[s]}
        for k in range(1, 5)
    }
    keep_all("split-cifar100", SEEDS, depths)
    trend = {k: v for k, v in TEST.items() if k != "against"}
    found = decide(
        Claim(
            **{
                **CLAIM,
                "test": {**trend, "kind": "trend", "over": "trained", "values": [1, 2, 3, 4], "direction": "more"},
            }
        ),
        read_results(),
    )
    assert (found.verdict, "by learning less" in found.labels) == ("reproduced", False)
    assert "frozen trained=1: Task.Acc 51.00" in found.evidence
    assert "frozen trained=4: Task.Acc 54.00" in found.evidence


def test_controls_that_are_two_level_itself_decide_nothing(keep_all, stand):
    keep_all(
        "split-cifar100",
        SEEDS,
        {"two-level": {"magnitudes": (9, 9, 9, 9)}, "two-level-random": {"magnitudes": (9, 9, 9, 9)}},
    )
    found = stand(of="two-level", against="two-level-random", measure="avg_acc", direction="more")
    assert (found.verdict, found.labels[0]) == ("inconclusive", "degenerate")
    assert "at 5 of 5 seeds two-level chose one magnitude throughout" in found.evidence


@pytest.mark.parametrize(("alike", "named"), [(1, "seed 5 of the 6"), (2, "seeds 5 and 6 of the 7")])
def test_a_degenerate_seed_is_left_out_and_named(keep, stand, alike, named):
    chosen = [*[(9, 9, 1, 9)] * 5, *[(9, 9, 9, 9)] * alike]
    for seed in range(5 + alike):
        keep(
            "split-cifar100",
            "two-level",
            seed,
            task_acc=62 + WOBBLE[seed % 5],
            magnitudes=chosen[seed],
        )
        own = controls.constant(chosen[seed], (*(0,) * 7, 30, 10))
        keep("split-cifar100", "two-level-constant", seed, magnitudes=own)
    found = stand(
        of="two-level", against="two-level-constant", measure="avg_acc", direction="more", seeds=f"0-{4 + alike}"
    )
    assert (found.verdict, found.interval.seeds) == ("reproduced", 5)
    assert f"left out: {named} (two-level chose one magnitude throughout)" in found.evidence


def test_identical_sides_are_named(keep_all, stand):
    keep_all("split-cifar100", SEEDS, {"frozen": {}, "initialized": {}})
    found = stand()
    assert found.verdict == "not reproduced"
    assert "the two sides are equal at every seed" in found.evidence


def test_what_cub_50_does_not_replace(stand):
    found = stand(experiment="split-cub200")
    assert (found.verdict, found.evidence) == ("not run", "needs CUB-200")
    assert "needs CUB-200" in found.labels


STREAM = """
import numpy as np
from cl_core.streams import Stream

rows, labels = np.arange(24.0).reshape(8, 3), np.arange(8) % 2
tasks = Stream.of([(rows, labels, rows, labels)] * 2, name="cub200")
"""


def test_a_stream_of_ones_own_called_cub200_needs_no_other_images(checkout, own_files):
    own_files.write("mine.py", STREAM)
    test = {**TEST, "experiment": "mine:tasks", "profile": "smoke"}
    assert decide(Claim(**{**CLAIM, "test": test}), ResultSet({}, {})).evidence == "none of its runs is there"


def test_the_primary_family_is_corrected_together(state, keep_all, stand):
    # Mean 0.35, spread 0.38: p = 0.017 alone, 0.14 as the least of eight.
    falls = {"initialized": {"forgetting": 20.0}, "frozen": {"forgetting": lambda s: 19.65 + 0.36 * (-1) ** s}}
    keep_all("split-cifar100", range(10), falls)
    assert stand(seeds="0-9").verdict == "reproduced"
    others = [claim(f"C{n:02d}", seeds="0-9", primary=True, experiment="split-cifar10") for n in range(2, 9)]
    state(claim(seeds="0-9", primary=True), *others)
    found = claims.standing("C01")
    assert found.verdict == "inconclusive"
    assert "primary" in found.labels
    assert "corrected p 0.14 against zero" in found.evidence


def test_another_family_is_corrected_by_itself(state, keep_all, stand):
    falls = {"initialized": {"forgetting": 20.0}, "frozen": {"forgetting": lambda s: 19.65 + 0.36 * (-1) ** s}}
    keep_all("split-cifar100", range(10), falls)
    others = [claim(f"C{n:02d}", seeds="0-9", family="birds", experiment="split-cifar10") for n in range(2, 4)]
    primary = [claim(f"C{n:02d}", seeds="0-9", primary=True, experiment="split-cifar10") for n in range(4, 9)]
    state(claim(seeds="0-9", family="birds"), *others, *primary)
    found = claims.standing("C01")
    assert found.verdict == "inconclusive"
    assert "corrected in the family birds" in found.labels
    assert not {"primary", "exploratory"} & set(found.labels)
    assert "corrected p 0.051 against zero" in found.evidence


def test_a_claim_changed_after_its_first_result_is_amended(state, keep_all, stand, checkout):
    state(claim())
    keep_all("split-cifar100", SEEDS, falling(2.0))
    assert not any("amended" in label for label in stand().labels)
    assert "amended, and no reason is given" in stand(delta=0.2).labels
    state({**claim(delta=0.2), "amended": "the first δ was a slip"})
    assert "amended: the first δ was a slip" in claims.standing("C01").labels
    # Another title or page is no other claim.
    state({**claim(), "title": "another"})
    assert not any("amended" in label for label in claims.standing("C01").labels)


def test_a_claim_in_which_a_strategy_alone_was_renamed_is_not_amended(state, keep_all, stand, checkout):
    state(claim())
    then = claim_digests()["C01"]
    keep_all("split-cifar100", SEEDS, falling(2.0))
    assert "amended, and no reason is given" in stand(delta=0.2).labels
    now = claim_digests()["C01"]
    ledger.add_renaming(ledger.Renaming("2026-02-03", {"cold": "frozen"}, claims={"C01": {then: now}}))
    assert not any("amended" in label for label in claims.standing("C01").labels)
    assert "amended, and no reason is given" in stand(delta=0.3).labels


def test_a_claim_stated_after_its_results_is_added_and_not_amended(state, keep_all, stand):
    keep_all("split-cifar100", SEEDS, falling(2.0))
    assert "added, and no reason is given" in stand().labels
    assert not any("amended" in label for label in stand().labels)
    state({**claim(), "added": "asked in May, after the first runs"})
    labels = claims.standing("C01").labels
    assert "added: asked in May, after the first runs" in labels
    assert not any("no reason" in label for label in labels)


def test_a_claim_added_later_and_then_changed_has_to_say_both(state, keep_all):
    keep_all("split-cifar100", SEEDS[:3], falling(2.0))
    state(claim())
    keep_all("split-cifar100", SEEDS[3:], falling(2.0))
    state({**claim(delta=0.2), "added": "asked after three seeds"})
    labels = claims.standing("C01").labels
    assert {"added: asked after three seeds", "amended, and no reason is given"} <= set(labels)


def test_a_claim_without_results_yet_is_neither_added_nor_amended(state):
    state({**claim(), "added": "asked in May", "amended": "misprinted"})
    assert claims.standing("C01").labels == ("exploratory",)


def test_a_run_that_the_catalogue_does_not_have(checkout):
    found = decide(Claim(**claim(of="frosen")), read_results())
    assert found.verdict == "not run"
    assert "frosen" in found.evidence


def test_the_report_says_which_statements_name_what_the_paper_does_not(state):
    state(claim("C01", of="two-level"), claim("C02"), claim("C03", of="frozen trained=3"))
    said = describe_readings(claims.standings())
    assert said.startswith("1 of the paper's statements is tested on our two-level rule")
    assert "and 1 on frozen training of more than one block" in said
    state(claim("C02"))
    assert describe_readings(claims.standings()) == ""


def test_the_report_says_how_many_verdicts_chance_would_give(state, keep_all):
    state(claim("C01"), claim("C02", measure="avg_acc", direction="more"))
    keep_all("split-cifar100", SEEDS, falling(2.0))
    found = claims.standings()
    told = lines(found)
    assert told[0].startswith("C01  reproduced        runs    a")
    assert told[-2] == "2 statements of the paper: 2 reproduced"
    assert told[-1] == by_chance(found)
    assert "2 exploratory claims were tested" in told[-1]
    data = entry(found[0])
    assert (data["verdict"], data["seeds"], data["delta"], data["reported"]) == ("reproduced", 5, 0.5, None)
    assert data["interval"][0] < data["difference"] < data["interval"][1]


def test_one_claim_is_told_with_its_command(stand):
    told = [line.strip() for line in lines([stand()])]
    sweep = "cl-core data split cifar100 && cl-core sweep --experiments split-cifar100 --strategies frozen,initialized"
    assert told[2] == "to decide it again:"
    assert told[3].startswith(f"{sweep} --seeds 0-4 ")
    assert told[4] == "quick form, two seeds and no verdict but the direction:"
    assert told[5].startswith(f"{sweep} --seeds 0-1 ")


def test_results_of_ones_own_are_told_beside_the_stored_ones(state, keep_all, checkout):
    state(claim("C01"))
    keep_all("split-cifar100", SEEDS, falling(2.0))
    stored = claims.standings()
    mine = claims.standings({"runs": runs_judge(checkout / "none")})
    told = lines(mine, beside=stored)
    assert told[0].startswith("C01  not run")
    assert told[2].startswith("     the stored results: reproduced; +2.00 points, 95 % interval ")
    assert told[2].endswith("5 seeds; δ 0.50")


def test_signs():
    assert [format_signed(x) for x in (0.5, -0.5, 0.001, -0.001)] == ["+0.50", "−0.50", "0.00", "0.00"]
    assert [format_signed(x, 1, zero="+") for x in (0.55, -10, -0.04)] == ["+0.6", "−10.0", "+0.0"]


def test_lower_accuracy_within_chance_is_not_by_learning_less(keep_all, stand):
    # Forgets 2 to 4 less; Avg.Acc is lower by 1 on average, and the interval holds zero.
    noise = (-5.0, 3.0, -4.0, 5.0, -4.0)
    keep_all("split-cifar100", SEEDS, falling(3.0, task_acc=lambda s: 56.3 + noise[s]))
    lower = [55.3 + n - 0.9 * 17 - (60 - 0.9 * 20) for n in noise]
    assert sum(lower) < 0
    assert stand().verdict == "reproduced"
    assert "by learning less" not in stand().labels


@pytest.mark.parametrize(
    ("forgotten", "label"),
    [((22.0, 23.0, 22.5), "depends on the depth"), ((22.0, 18.5, 24.0), None), ((19.0, 18.8, 19.1), None)],
)
def test_another_depth_turns_a_verdict_only_by_its_interval(keep_all, stand, forgotten, label):
    keep_all("split-cifar100", SEEDS, falling(2.0))
    keep_all("split-cifar100", range(3), {"frozen trained=3": {"forgetting": lambda s: forgotten[s]}})
    assert ("depends on the depth" in stand().labels) == (label is not None)


@pytest.mark.parametrize(
    ("forgotten", "label"),
    [((6.0, 4.0, 5.0), "depends on tuning"), ((20.0, 14.0, 16.5), "open under own tuning"), ((30.0, 30.2, 30.1), None)],
)
def test_tuning_turns_or_opens_a_verdict_by_its_interval(keep_all, stand, forgotten, label):
    keep_all("split-cifar100", SEEDS, falling(2.0))
    keep_all(
        "split-cifar100",
        range(3),
        {
            "initialized learning_rate=0.01": {"task_acc": 99, "forgetting": lambda s: forgotten[s]},
            "frozen learning_rate=0.01": {"task_acc": 40, "forgetting": 5},
        },
    )
    found = stand()
    words = {"depends on tuning", "open under own tuning"}
    assert words & set(found.labels) == ({label} if label else set())
    remark = r"own best tuning \(frozen; initialized learning_rate=0.01\) .\d+.\d\d \(.* to .*, 3 seeds\)"
    assert re.search(remark, found.evidence)
    # One that ran on other seeds, for another question, leaves the others comparable.
    keep_all("split-cifar100", range(2, 5), {"initialized epochs=9": {"task_acc": 99, "forgetting": 1}})
    again = stand()
    assert again.labels == found.labels
    assert re.search(remark, again.evidence)
    # What was chosen is compared on all the seeds that both have, though no other tuning ran there.
    keep_all("split-cifar100", (3, 4), {"initialized learning_rate=0.01": {"task_acc": 99, "forgetting": 40}})
    assert re.search(remark.replace("3 seeds", "5 seeds"), stand().evidence)
