"""Made-up results: those of the tests of experiments, and reference results in a checkout, for what decides claims."""

import runpy
from itertools import product
from pathlib import Path

import pytest
from matplotlib import pyplot as plt

from cl_core.companion.comparisons import parse_arm, run_of
from cl_core.companion.figures import style
from cl_core.experiments import store
from cl_core.experiments.catalogue import PROTOCOL
from cl_core.experiments.provenance import claim_digests, code_digests
from cl_core.experiments.store import Result
from cl_core.streams.manifest import SOURCES

make_result = runpy.run_path(str(Path(__file__).resolve().parents[1] / "experiments/conftest.py"))["make_result"]
"""The made-up results of the tests of experiments."""

IMAGES = 100_000


@pytest.fixture
def shown(monkeypatch, request):
    """What `show` was given by the module that the test file names as DRAWS, figures included; nothing is displayed."""
    style()
    calls = []
    monkeypatch.setattr(request.module.DRAWS, "show", lambda figure, **rest: calls.append({"figure": figure, **rest}))
    yield calls
    plt.close("all")


@pytest.fixture
def make_run():
    """Return a maker of sealed results of four tasks with a given Task.Acc and Forgetting, in points."""

    def make(
        experiment,
        arm,
        seed,
        *,
        task_acc=60.0,
        forgetting=20.0,
        update=1.0,
        magnitudes=(9, 9, 1, 9),
        source=None,
        **fields,
    ):
        made = run_of(experiment, parse_arm(arm), seed)
        new, old = (round(IMAGES * points / 100) for points in (task_acc, task_acc - forgetting))
        tasks = 4
        blank = (None,) * tasks
        whole = {
            "experiment": made.experiment.name,
            "strategy": made.strategy.name,
            "seed": seed,
            "profile": "cpu",
            "protocol": PROTOCOL,
            "overrides": made.overrides,
            "config": made.config,
            "data": {
                "name": made.dataset,
                "route": "prepared",
                "digest": next(iter(SOURCES[made.dataset].known)),
                "label": "made up",
            },
            "source": source,
            "classes": (10,) * tasks,
            "test_sizes": (IMAGES,) * tasks,
            "train_sizes": (100,) * tasks,
            "correct": tuple(
                tuple(None if k > t else new if k == t else old if t == tasks - 1 else new for k in range(tasks))
                for t in range(tasks)
            ),
            "train_correct": (99,) * tasks,
            "train_losses": (0.1,) * tasks,
            "magnitudes": magnitudes,
            "scores": (None, 0.1, 0.2, 0.1),
            "split_half": blank,
            "score_halves": ((None, None),) * tasks,
            "arrival_losses": blank,
            "steps": (4,) * tasks,
            "block_parameters": (30, 10),
            "moved_share": (1.0, 0.25, 0.25, 0.25),
            "update_norms": ((1.0, 1.0), *((0.0, update),) * (tasks - 1)),
            "relative_norms": ((0.1, 0.1),) * tasks,
            "logit_changes": (blank,) * tasks,
            "recorded": {"files": code_digests(), "claims": claim_digests()},
        }
        return Result(**{**whole, **fields}).sealed()

    return make


@pytest.fixture
def keep(checkout, make_run):
    """Return what makes a result and stores it in the checkout's results; a control follows its adaptive run there."""

    def write(experiment, arm, seed, **values):
        made = run_of(experiment, parse_arm(arm), seed)
        if made.strategy.follows:
            name = made.of_strategy(made.strategy.follows).name
            followed = store.load(checkout / "results" / name)
            values["source"] = {"name": name, "digest": followed.digest, "outcome": followed.outcome}
        path = checkout / "results" / made.name
        store.save(make_run(experiment, arm, seed, **values), path)
        return path

    return write


@pytest.fixture
def keep_all(keep):
    """Store a run of each arm at each seed; each value may be a function of the seed."""

    def write(experiment, seeds, arms):
        for (arm, values), seed in product(arms.items(), seeds):
            keep(experiment, arm, seed, **{k: v(seed) if callable(v) else v for k, v in values.items()})

    return write
