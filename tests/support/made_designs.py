"""Made tables of designs: records as a run would leave them, with accuracies that a test plants."""

from dataclasses import replace

from cl_core.experiments.catalogue import PROTOCOL
from cl_core.runs.design_table import DesignRecord
from cl_core.runs.designs import ROLES, find_design
from cl_core.streams.manifest import SOURCES

SIZE = 10_000


def make_record(design, protocol, role, avg, forgetting, **changed):
    """Return a sealed record of two tasks with this Avg.Acc and forgetting in points; Task.Acc is avg + forgetting / 2."""
    chosen = find_design(design)
    plan = chosen.plan(protocol, role)
    last = round(SIZE * avg / 100)
    first = last + round(SIZE * forgetting / 100)
    record = DesignRecord(
        design=design,
        protocol=protocol,
        role=role,
        levels=chosen.draw()[protocol],
        experiment=plan.experiment.name,
        strategy=plan.strategy.name,
        seed=plan.seed,
        profile=plan.profile.name,
        computes=PROTOCOL,
        config=plan.config,
        data={
            "name": plan.dataset,
            "route": SOURCES[plan.dataset].routes[0],
            "digest": next(iter(SOURCES[plan.dataset].labels), ""),
        },
        classes=(10, 10),
        test_sizes=(SIZE, SIZE),
        correct=((first, None), (last, last)),
        magnitudes=(9, 9),
        scores=(None, 0.1),
        moved_share=(1.0, 1.0),
        steps=(10, 10),
        distances=(1.0, 1.0),
        recorded={"seconds": 20.0},
    )
    return replace(record, **changed).sealed()


def make_table(design, accuracies, protocols=None):
    """Return the records of a table; ``accuracies(number, levels)`` gives (avg, forgetting) by role."""
    chosen = find_design(design)
    records = []
    for number in range(chosen.protocols if protocols is None else protocols):
        given = accuracies(number, chosen.draw()[number])
        records += [make_record(design, number, role, *given.get(role, (50, 10))) for role in ROLES]
    return records
