"""Differences of the paper's numbers, worked by hand."""

import pytest
from cl_book.claims.contrasts import VARIANTS, contrast, task_accuracy_gains, variant_changes, variant_differences


def test_a_contrast_by_hand_and_what_it_refuses():
    first, second = "I/corrupted-cub200/adaptive/avg_acc", "I/split-cub200/adaptive/avg_acc"
    assert contrast(first, second).difference == 2.25
    with pytest.raises(ValueError, match="no 'I/none'"):
        contrast(first, "I/none")
    with pytest.raises(ValueError, match="two measures"):
        contrast(first, "I/split-cub200/adaptive/forgetting")


def test_adaptive_is_reported_above_initialized_in_task_accuracy_in_all_six_settings():
    gains = task_accuracy_gains()
    assert len(gains) == 6
    assert all(gain > 0 for gain in gains.values())
    assert gains["split-cifar100"] == 6.58


def test_the_variants_by_hand():
    assert variant_differences() == [
        ("correlated-cifar100", "forgetting", -0.88, -1.61),
        ("correlated-cifar100", "avg_acc", 1.11, 0.45),
        ("corrupted-cub200", "forgetting", -0.10, 0.75),
        ("corrupted-cub200", "avg_acc", -0.83, 0.07),
    ]
    assert len(variant_changes()) == 3 * len(VARIANTS)
    assert ("corrupted-cub200", "initialized", -0.81, 1.93) in variant_changes()
