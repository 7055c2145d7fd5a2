"""The box of a stream says what its runs met, and finds the images that are at hand without fetching any."""

import pytest
from cl_book.claims.arms import Arm
from cl_book.claims.overview import find_runs
from cl_book.pages import stream_box

from cl_core.runs.result_set import read_results


@pytest.fixture(scope="module")
def run():
    return next(iter(find_runs("split-cifar100", Arm("initialized"), read_results()).values()))


def test_the_facts_are_those_of_the_run(run):
    said = stream_box.describe_stream(run)
    assert said.startswith(f"{run.tasks} tasks of {run.classes[0]} classes each; {run.train_sizes[0]} training")
    assert f"{run.steps[0]} steps" in said
    assert f"Guessing is right in {100 / run.classes[0]:.0f} % of cases." in said


def test_sizes_that_differ_are_said_as_a_range():
    assert stream_box._say_each([7, None, 5, 6]) == "5 to 7"
    assert stream_box._say_each([5, 5]) == "5"


@pytest.mark.parametrize(
    ("here", "route"),
    [({"prepared", "official"}, "prepared"), ({"official"}, "official"), (set(), None)],
)
def test_images_come_from_what_is_at_hand(monkeypatch, tmp_path, here, route):
    there = tmp_path / "there"
    there.touch()
    for name in ("prepared", "official"):
        place = there if name in here else tmp_path / "absent"
        monkeypatch.setattr(stream_box, f"locate_{name}", lambda source, place=place: place)
    assert stream_box.find_route("cifar100") == route
