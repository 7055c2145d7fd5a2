"""A made-up result, whole and consistent, for the tests of what reads results."""

import pytest

from cl_core.experiments.catalogue import PROTOCOL
from cl_core.experiments.plan import plan
from cl_core.experiments.provenance import code_digests
from cl_core.experiments.store import Result
from cl_core.streams.manifest import SOURCES


@pytest.fixture
def make_result():
    """Return a maker of sealed results: three tasks of 10 images each, two blocks; keywords replace its fields."""

    def make(experiment="split-cifar10", strategy="frozen", seed=0, profile="cpu", overrides=None, **fields):
        made = plan(experiment, strategy, seed, profile, overrides=overrides)
        digest = next(iter(SOURCES[made.dataset].known))
        whole = {
            "experiment": made.experiment.name,
            "strategy": strategy,
            "seed": seed,
            "profile": profile,
            "protocol": PROTOCOL,
            "overrides": made.overrides,
            "config": made.config,
            "data": {"name": made.dataset, "route": "prepared", "digest": digest, "label": "made up"},
            "classes": (2, 2, 2),
            "test_sizes": (10, 10, 10),
            "train_sizes": (100, 100, 100),
            "correct": ((9, None, None), (8, 10, None), (6, 9, 8)),
            "train_correct": (99, 98, 97),
            "train_losses": (0.1, 0.2, 0.3),
            "magnitudes": (2, 1, 1),
            "scores": (None, 0.25, -0.5),
            "split_half": (None, 0.9, 0.8),
            "score_halves": ((None, None), (0.2, 0.3), (-0.4, -0.6)),
            "arrival_losses": (0.7, 0.6, 0.5),
            "steps": (4, 4, 4),
            "block_parameters": (30, 10),
            "moved_share": (1.0, 0.25, 0.25),
            "update_norms": ((1.0, 2.0), (0.0, 1.5), (0.0, 0.1)),
            "relative_norms": ((0.1, 0.2), (0.0, 0.15), (0.0, 0.01)),
            "logit_changes": ((None, None, None), (0.5, None, None), (0.75, 0.25, None)),
            "recorded": {"times": {"total": 12.5}, "files": code_digests()},
        }
        return Result(**{**whole, **fields}).sealed()

    return make
