"""Small faults in the core, each planted in a copy, where the room's own test file must see it.

The first seven once went unseen: a review found them among 85 random changes of an operator or a constant.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Mutation:
    """One place of one file that reads `old` once, what to put there, and the test file that must turn red."""

    about: str
    file: str
    old: str
    new: str
    seen_by: str


MUTATIONS = (
    Mutation(
        "a pull of strength 1 or less is none",
        "cl_core/learners/limits.py",
        "if strength > 0",
        "if strength > 1",
        "tests/learners/test_limits.py",
    ),
    Mutation(
        "a zero gradient is divided by",
        "cl_core/strategies.py",
        "/ square if square > 0 else",
        "/ square if square >= 0 else",
        "tests/test_strategies.py",
    ),
    Mutation(
        "few may not equal many",
        "cl_core/experiments/plan.py",
        "plan.settings.few > plan.settings.many",
        "plan.settings.few >= plan.settings.many",
        "tests/experiments/test_plan.py",
    ),
    Mutation(
        "one letter does not stand for all tasks",
        "cl_core/experiments/plan.py",
        "len(moves) not in {1, later}",
        "len(moves) not in {later}",
        "tests/experiments/test_plan.py",
    ),
    Mutation(
        "a single task has a forgetting",
        "cl_core/experiments/store.py",
        "result.tasks < 2",
        "result.tasks < 1",
        "tests/experiments/test_store.py",
    ),
    Mutation(
        "an empty mask is refused",
        "cl_core/learners/constraints.py",
        "if not 0 <= chosen <= size",
        "if not 0 < chosen <= size",
        "tests/learners/test_constraints.py",
    ),
    Mutation(
        "a trend names one side at its end",
        "book/cl_book/claims/comparisons.py",
        "*range(-wide, 0)",
        "*range(1 - wide, 0)",
        "tests/book/claims/test_paired_differences.py",
    ),
    Mutation(
        "the variance of a part of an update goes with the part, not with its square",
        "cl_core/linear/exact.py",
        "alpha**2 * added",
        "alpha * added",
        "tests/linear/test_fraction.py",
    ),
    Mutation(
        "half of an update carries an infinity to other coordinates",
        "cl_core/linear/exact.py",
        "if m > n and (moments.unbounded",
        "if (moments.unbounded",
        "tests/linear/test_fraction.py",
    ),
    Mutation(
        "noise makes the best part longer",
        "cl_core/linear/fraction.py",
        "+ np.square(noise)",
        "- np.square(noise)",
        "tests/linear/test_fraction.py",
    ),
    Mutation(
        "a drawn filter reads eigenvalues that grow with the samples",
        "cl_core/linear/spectrum.py",
        "singular**2 / drawn",
        "singular**2 * drawn",
        "tests/linear/test_spectrum.py",
    ),
    Mutation(
        "the gain is read without its memory",
        "cl_core/averaging.py",
        "error *= 1 - told[-1]",
        "error *= 1.0",
        "tests/test_averaging.py",
    ),
    Mutation(
        "surprise raises the step both ways",
        "cl_core/averaging.py",
        'surprise == "lowers"',
        'surprise == "none"',
        "tests/test_averaging.py",
    ),
    Mutation(
        "the drift is that of the old answers from the new",
        "cl_core/learners/effects.py",
        "functional.log_softmax(network.logits(after, task)",
        "functional.log_softmax(2 * network.logits(after, task)",
        "tests/learners/test_effects.py",
    ),
    Mutation(
        "the curvature is counted twice",
        "cl_core/learners/effects.py",
        "0.5 * float(update",
        "1.0 * float(update",
        "tests/learners/test_effects.py",
    ),
)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.about)
def test_every_mutation_has_its_place_and_its_test(mutation):
    assert (TOP / mutation.file).read_text(encoding="utf-8").count(mutation.old) == 1, "plant the fault elsewhere"
    assert (TOP / mutation.seen_by).is_file()


@pytest.mark.slow
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.about)
def test_the_rooms_own_tests_see_it(copy, mutation):
    copy.take("cl_core", "book/cl_book", "book/claims.yml", "book/paper.csv", "tests")
    copy.plant(mutation.file, mutation.old, mutation.new)
    done = copy.pytest(mutation.seen_by, "-x", "-m", "not slow")
    assert done.returncode == 1, done.stdout
    assert " failed" in done.stdout, done.stdout
