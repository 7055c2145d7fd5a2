"""Made-up results: one whole and consistent, and reference results in a checkout, for what decides claims."""

from functools import cache
from itertools import product

import pytest
from cl_book.claims.arms import parse_arm, run_of
from cl_book.claims.stated import claim_digests
from cl_book.figures import picture
from cl_book.figures.drawing import style
from matplotlib import pyplot as plt

from cl_core.experiments import store
from cl_core.experiments.catalogue import PROTOCOL
from cl_core.experiments.plan import make_plan
from cl_core.experiments.provenance import code_digests
from cl_core.experiments.store import Result
from cl_core.experiments.strategy_table import fixed_magnitudes
from cl_core.runs.ledger import Confirmation
from cl_core.runs.result_set import ResultSet
from cl_core.runs.staleness import State
from cl_core.streams.manifest import SOURCES

IMAGES = 100_000


@cache
def made_twice():
    """Return the repository's runs that were made twice, the first makings and the second, read without a check."""
    names = store.stored(f"{store.RETEST}/*")
    read = [{name.removeprefix(f"{store.RESULTS}/{store.RETEST}/"): store.load(name) for name in names}]
    read.append({name: store.load(f"{store.RESULTS}/{name}") for name in read[0]})
    return tuple(ResultSet(results, dict.fromkeys(results, State())) for results in read)


def official_images(dataset):
    """Return what a run stores of its images where they are the official archive's, which made-up runs are not on."""
    return {"name": dataset, "route": "official", "label": SOURCES[dataset].title, "digest": "f" * 64}


@pytest.fixture
def make_result():
    """Return a maker of sealed results: three tasks of 10 images each, two blocks; keywords replace its fields."""

    def make(experiment="split-cifar10", strategy="frozen", seed=0, profile="cpu", overrides=None, **fields):
        made = make_plan(experiment, strategy, seed, profile, overrides=overrides)
        digest = next(iter(SOURCES[made.dataset].labels))
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
            "train_losses": (0.1 + seed / 1000, 0.2, 0.3),
            "magnitudes": {
                "initialized": (2, 2, 2),
                "frozen": (2, *(made.settings.trained,) * 2),
                "frozen-0": (2, 0, 0),
            }.get(strategy, (2, 1, 1)),
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


@pytest.fixture
def make_confirmation():
    """Return a maker of entries of the ledger; keywords replace its fields."""

    def make(**fields):
        whole = {
            "code": "c" * 64,
            "date": "2026-01-02",
            "golden_runs": 150,
            "golden": "a" * 64,
            "processor": "Some",
            "versions": {"torch": "2.0"},
        }
        return Confirmation(**{**whole, **fields})

    return make


@pytest.fixture
def shown(monkeypatch, request):
    """What `show` was given by the module that the test file names as DRAWS, figures included; nothing is displayed."""
    style()
    calls = []
    for module in (request.module.DRAWS, picture):
        monkeypatch.setattr(
            module, "show", lambda figure, **rest: calls.append({"figure": figure, **rest}), raising=False
        )
    yield calls
    plt.close("all")


def _magnitudes(plan, tasks):
    """Return the magnitudes that the strategy of `plan` gives in a network of nine blocks, varied where it is free."""
    settings, later = plan.settings, tasks - 1
    if plan.strategy.name == "fixed":
        return (9, *fixed_magnitudes(settings))[:tasks]
    if plan.strategy.kind == "bound":
        return (None,) * tasks
    constant = {"frozen": settings.trained, "frozen-0": 0, "masked": 9}.get(
        plan.strategy.name, 9 if plan.strategy.whole else None
    )
    return (9, 9, 1, 9)[:tasks] if constant is None else (9, *(constant,) * later)


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
        magnitudes=None,
        source=None,
        **fields,
    ):
        made = run_of(experiment, parse_arm(arm), seed)
        new, old = (round(IMAGES * points / 100) for points in (task_acc, task_acc - forgetting))
        tasks = 4
        blank = (None,) * tasks
        if magnitudes is None:
            magnitudes = _magnitudes(made, tasks)
        threshold = made.settings.threshold
        scores = (
            None,
            *(threshold + (0.1 if magnitude == made.settings.few else -0.1) for magnitude in magnitudes[1:]),
        )
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
                "digest": next(iter(SOURCES[made.dataset].labels)),
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
            "train_losses": (0.1 + seed / 1000,) * tasks,
            "magnitudes": magnitudes,
            "scores": scores,
            "split_half": blank,
            "score_halves": ((None, None),) * tasks,
            "arrival_losses": blank,
            "steps": (4,) * tasks,
            "block_parameters": (*(0,) * 7, 30, 10),
            "moved_share": (1.0, 0.25, 0.25, 0.25),
            "update_norms": ((*(0.0,) * 7, 1.0, 1.0), *((*(0.0,) * 8, update),) * (tasks - 1)),
            "relative_norms": ((*(0.0,) * 7, 0.1, 0.1),) * tasks,
            "logit_changes": (blank,) * tasks,
            "recorded": {"files": code_digests(), "claims": claim_digests()},
        }
        return Result(**{**whole, **fields}).sealed()

    return make


@pytest.fixture
def keep(checkout, make_run):
    """Return what makes a result and stores it in the checkout's results; a control follows its two-level run there."""

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
