"""Which runs a sweep is made of."""

import pytest

from cl_core.runs.grid import list_plans, parse_choices, parse_seeds


def names(**asked):
    usual = {"experiments": ["split-cifar10"], "strategies": ["frozen"], "seeds": [0], "profile": "cpu", "choices": {}}
    return [made.name for made in list_plans(**{**usual, **asked})]


def test_the_product_of_what_was_asked_for():
    found = names(experiments=["split-cifar10", "permuted-mnist"], strategies=["frozen", "joint"], seeds=[0, 1])
    assert len(found) == len(set(found)) == 8
    assert found[0] == "cpu/split-cifar10/frozen-0.json"


def test_stand_ins_that_coincide_are_run_once():
    found = names(experiments=["split-cifar10", "split-cifar100", "digits-split"], profile="smoke")
    assert found == ["smoke/digits-split/frozen-0.json"]


def test_a_setting_goes_to_the_runs_that_read_it():
    found = names(strategies=["frozen", "two-level"], choices={"threshold": (0.0, 0.3)})
    assert found[0] == "cpu/split-cifar10/frozen-0.json"
    assert len(found) == 3
    assert all("two-level~" in name for name in found[1:])


def test_a_setting_that_no_run_reads_is_an_error():
    with pytest.raises(ValueError, match="threshold has no effect on any of these runs"):
        names(strategies=["frozen"], choices={"threshold": (0.0, 0.3)})


def test_the_two_level_runs_that_controls_follow_come_first_and_once():
    found = names(strategies=["two-level-random", "two-level", "two-level-constant"], seeds=[0, 1])
    assert len(found) == len(set(found)) == 6
    for seed in (0, 1):
        first = found.index(f"cpu/split-cifar10/two-level-{seed}.json")
        assert first < found.index(f"cpu/split-cifar10/two-level-random-{seed}.json")
        assert first < found.index(f"cpu/split-cifar10/two-level-constant-{seed}.json")


def test_a_control_with_its_own_setting_has_its_own_two_level_run():
    found = names(strategies=["two-level-random"], choices={"threshold": (0.0, 0.3)})
    assert len(found) == 4
    for two_level, control in zip(found[::2], found[1::2], strict=True):
        assert two_level.replace("two-level", "two-level-random") == control


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"experiments": ["split-cifar11"]}, "did you mean 'split-cifar10'"),
        ({"strategies": ["two-levl"]}, "did you mean 'two-level'"),
        ({"profile": "gpu"}, "There is no profile"),
    ],
)
def test_a_wrong_name_fails_before_anything_runs(asked, says):
    with pytest.raises(ValueError, match=says):
        names(**asked)


@pytest.mark.parametrize(
    ("text", "seeds"), [("0", [0]), ("0-2,7", [0, 1, 2, 7]), ("5,3,5", [5, 3]), (" 100 - 101 ", None), ("1-1", [1])]
)
def test_seeds_are_numbers_and_ranges(text, seeds):
    if seeds is None:
        with pytest.raises(ValueError, match="does not fit"):
            parse_seeds(text)
    else:
        assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "3-1", "-1", "1-", "1,,2", "1.5"])
def test_other_seeds_are_an_error(text):
    with pytest.raises(ValueError, match="--seeds"):
        parse_seeds(text)


def test_choices_are_parsed_and_checked():
    assert parse_choices(["threshold=0,0.1,0", "metric=sign"]) == {"threshold": (0.0, 0.1), "metric": ("sign",)}
    for words, says in (
        (["threshold=0,x"], "allowed"),
        (["treshold=0"], "did you mean"),
        (["few=1", "few=2"], "twice"),
    ):
        with pytest.raises(ValueError, match=says):
            parse_choices(words)


@pytest.mark.parametrize("text", ["0-1000000000", "0-10000", "9" * 5000, f"0-{'9' * 5000}"])
def test_more_seeds_than_anyone_means_are_a_short_line(text):
    with pytest.raises(ValueError, match="at most") as caught:
        parse_seeds(text)
    assert "--seeds" in str(caught.value)
    assert len(str(caught.value)) < 200


def test_ten_thousand_seeds_are_taken():
    assert len(parse_seeds("0-9999")) == 10_000
