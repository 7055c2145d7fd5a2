"""Runs on different images: told by the digest of the images, among runs on one data set."""

import pytest

from cl_core.runs.images import explain_other_images

OWN = {"name": "cifar100", "label": "CIFAR-100, own split", "digest": "a" * 64, "stream": "1"}
OFFICIAL = {"name": "cifar100", "label": "CIFAR-100", "digest": "b" * 64, "stream": "2"}


@pytest.mark.parametrize(
    "seen",
    [
        [],
        [OWN],
        [OWN, {**OWN, "stream": "3", "route": "prepared"}],
        [OWN, {**OFFICIAL, "name": "cifar10"}],
        # A run that diverged stores nothing of its images.
        [OWN, {}, {"name": "cifar100", "route": "prepared"}],
    ],
)
def test_the_same_images_or_another_data_set_are_no_difference(seen):
    assert explain_other_images(seen) == ""


def test_different_images_of_one_data_set_are_named():
    said = "the runs are on different images, CIFAR-100, own split (aaaaaaaa) and CIFAR-100 (bbbbbbbb)"
    assert explain_other_images([OWN, OFFICIAL, OWN]) == said
    changed = {"name": "mine", "label": "mine", "digest": "c" * 64}
    said = explain_other_images([changed, {**changed, "digest": "d" * 64}])
    assert said.endswith("mine (cccccccc) and mine (dddddddd)")
