"""The rows of the results page: every stream and method that ran, with the paper's own numbers."""

import pytest
from cl_book.claims import overview
from cl_book.claims.arms import Arm, run_of

from cl_core.runs.result_set import read_results

PAPER = """table,experiment,strategy,metric,mean,std,mark
I,split-cifar100,initialized,forgetting,24.84,0.31,P
I,split-cifar100,frozen,forgetting,23.96,0.38,P
I,split-cifar100,frozen,avg_acc,43.38,0.11,P
I,split-cifar100,adaptive-minus-initialized,avg_acc,4.92,,P
II,split-cifar100,initialized,task_acc,60.72,0.31,P
"""


def test_a_row_has_its_runs_by_seed_and_the_papers_numbers(keep_all, checkout):
    (checkout / "book/paper.csv").write_text(PAPER, encoding="utf-8")
    arms = {
        "initialized": {"forgetting": lambda s: 30.0 + s},
        "frozen trained=3": {"forgetting": 20.0},
        "frozen trained=4": {"forgetting": 1.0},
    }
    keep_all("split-cifar100", (2, 0), arms)
    initialized, frozen = overview.list_rows(read_results())
    assert [run.seed for run in initialized.runs.values()] == [0, 2]
    assert initialized.values("forgetting") == pytest.approx([30.0, 32.0], abs=1e-3)
    assert initialized.values("class_avg_acc") == []
    assert initialized.paper["forgetting"].mean == "24.84"
    assert initialized.paper["task_acc"].mean == "60.72"
    assert str(frozen.method.arm) == "frozen trained=3"
    assert frozen.paper["avg_acc"].mean == "43.38"
    assert {strategy for strategy, _ in overview.list_reported("split-cifar100")} == {"initialized", "frozen"}


def test_the_birds_stand_beside_the_papers_birds():
    numbers = overview.list_reported(overview.PAPER_STREAM["split-cub50"])
    assert numbers["adaptive", "avg_acc"].mean == "39.01"


@pytest.mark.parametrize("experiment", overview.STREAMS)
def test_every_method_can_be_run_on_its_stream(experiment):
    for method in overview.list_methods(experiment):
        plan = run_of(experiment, method.arm, 0)
        assert (plan.experiment.name, plan.strategy.name) == (experiment, method.arm.strategy)
        assert method.paper in {None, method.arm.strategy}


def test_runs_on_validation_images_are_no_results(keep_all):
    keep_all("split-cifar100", (100,), {"frozen": {"forgetting": 20.0}})
    assert overview.find_runs("split-cifar100", Arm("frozen"), read_results()) == {}
