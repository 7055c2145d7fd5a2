"""A design's sweep: its runs in order, each recorded once, whatever happens; a run that diverges is a record."""

from concurrent import futures
from dataclasses import replace

import pytest
from support.made_designs import make_record

from cl_core.runs import design_sweep, design_table
from cl_core.runs.design_sweep import DesignJob, list_missing, run_design_job, sweep_design
from cl_core.runs.designs import ROLES, find_design

DIGITS = find_design("digits-split")


class Here(futures.Executor):
    """Does a job at once, in this process."""

    shared = True

    def __init__(self):
        self.ended = False

    def start_pool(self):
        return self

    def count_slots(self):
        return 1

    def submit(self, fn, /, *args, **kwargs):
        future = futures.Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future

    def shutdown(self, wait=True, *, cancel_futures=False):
        self.ended = True


@pytest.fixture
def table(tmp_path, monkeypatch):
    def do(job):
        record = make_record(job.design, job.protocol, job.role, 50, 10, data={"name": "digits", "route": "embedded"})
        if job.role == "averaged" and job.protocol == 1:
            raise KeyboardInterrupt
        return design_table.dumps(replace(record, recorded=job.recorded).sealed())

    monkeypatch.setattr(design_sweep, "run_design_job", do)
    return tmp_path / "designs" / "digits-split.jsonl"


def test_a_stopped_sweep_goes_on_where_it_was(table, tmp_path, monkeypatch):
    seen = []
    with pytest.raises(KeyboardInterrupt):
        sweep_design(DIGITS, table, executor=Here(), protocols=2, watcher=lambda r, n: seen.append((r.key, n)))
    assert seen[-1] == ((1, "adaptive"), 9)
    before = table.read_bytes()
    monkeypatch.setattr(
        design_sweep,
        "run_design_job",
        lambda job: design_table.dumps(make_record(job.design, job.protocol, job.role, 1, 1)),
    )
    assert list_missing(DIGITS, table, protocols=2) == [(1, "averaged")]
    assert sweep_design(DIGITS, table, executor=Here(), protocols=2) == 1
    assert table.read_bytes().startswith(before)
    assert [record.key for record in design_table.read_table(table)] == [(p, role) for p in (0, 1) for role in ROLES]


def test_what_is_recorded_goes_with_each_run(table, tmp_path):
    sweep_design(DIGITS, table, executor=Here(), protocols=1, recorded={"claims": {"C650": "0"}})
    assert {record.recorded["claims"]["C650"] for record in design_table.read_table(table)} == {"0"}


def test_a_table_with_an_edited_record_or_of_another_design_is_not_gone_on_with(table):
    record = make_record("digits-split", 0, "frozen", 50, 10, data={"name": "digits", "route": "embedded"})
    table.parent.mkdir()
    table.write_text(design_table.dumps(replace(record, seed=3)) + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"protocol 0, frozen, is stale .*edited"):
        list_missing(DIGITS, table)
    with pytest.raises(ValueError, match="of the design digits-split"):
        list_missing(find_design("split-cifar10"), table)


def test_two_processes_do_not_fill_one_table_whatever_their_caches(table, monkeypatch):
    refused = []

    def meanwhile(record, count):
        with pytest.raises(RuntimeError, match=r"another process fills the table .*digits-split\.jsonl; wait for it"):
            sweep_design(DIGITS, table, executor=Here())
        refused.append(count)

    assert sweep_design(DIGITS, table, executor=Here(), protocols=1, watcher=meanwhile) == len(ROLES)
    assert refused == [1, 2, 3, 4, 5]
    assert [entry.name for entry in table.parent.iterdir()] == [table.name]


def fill_prepared(table, roles):
    for role in roles:
        data = dict(make_record("split-cifar100", 0, role, 50, 10).data, route="prepared")
        design_table.append(table, make_record("split-cifar100", 0, role, 50, 10, data=data))


def test_a_table_goes_on_by_its_own_route_and_no_other_is_taken(tmp_path, monkeypatch):
    design, path, asked = find_design("split-cifar100"), tmp_path / "split-cifar100.jsonl", []

    def do(job):
        asked.append(job.route)
        data = dict(make_record(job.design, job.protocol, job.role, 50, 10).data, route=job.route)
        return design_table.dumps(make_record(job.design, job.protocol, job.role, 50, 10, data=data))

    monkeypatch.setattr(design_sweep, "run_design_job", do)
    fill_prepared(path, ROLES[:3])
    said = "holds runs by the route 'prepared', not 'official'; give --data prepared, or another folder with --out"
    with pytest.raises(ValueError, match=said):
        list_missing(design, path, protocols=1, route="official")
    with pytest.raises(ValueError, match=said):
        sweep_design(design, path, executor=Here(), protocols=2, route="official")
    assert list_missing(design, path, protocols=1, route="prepared") == [(0, "adaptive"), (0, "averaged")]
    assert sweep_design(design, path, executor=Here(), protocols=1) == 2
    assert asked == ["prepared"] * 2
    assert sweep_design(design, tmp_path / "new.jsonl", executor=Here(), protocols=1, route="official") == 5
    assert asked[2:] == ["official"] * 5


def test_a_table_of_several_routes_is_not_gone_on_with(tmp_path):
    path = tmp_path / "split-cifar100.jsonl"
    fill_prepared(path, ROLES)
    design_table.append(path, make_record("split-cifar100", 1, "frozen", 50, 10))
    for route in (None, "official"):
        with pytest.raises(ValueError, match="holds runs by several routes, 'prepared' and 'official', not by one"):
            list_missing(find_design("split-cifar100"), path, route=route)


def test_a_run_that_diverges_is_recorded_with_its_reason(monkeypatch):
    from cl_core.experiments import runner

    def diverge(plan, **_kwargs):
        raise FloatingPointError("the training loss is nan")

    monkeypatch.setattr(runner, "execute", diverge)
    record = design_table.loads(run_design_job(DesignJob("digits-split", 0, "frozen")), where="here")
    assert (record.failure, record.correct) == ("the training loss is nan", ())
    assert not design_table.states([record], confirmed=True)[0, "frozen"].stale


@pytest.mark.slow
@pytest.mark.parametrize("protocol", [0, 1])
def test_two_protocols_of_the_digits_run_from_end_to_end(tmp_path, protocol):
    path = tmp_path / "digits-split.jsonl"
    for role in ROLES:
        design_table.append(
            path, design_table.loads(run_design_job(DesignJob("digits-split", protocol, role)), where=role)
        )
    records = design_table.read_table(path)
    assert not any(state.stale for state in design_table.states(records, confirmed=True).values())
    assert {record.failure for record in records} == {""}
    first = {record.correct[0] for record in records if record.role != "adaptive"}
    assert len(first) == 1, "the first task is the same under every strategy"


@pytest.mark.slow
@pytest.mark.parametrize(
    "axis", [axis for axis in DIGITS.axes if axis.name not in ("seed",)], ids=lambda axis: axis.name
)
def test_each_value_of_each_choice_trains_and_differs_where_it_should(axis, monkeypatch):
    from cl_core.experiments.runner import execute
    from cl_core.runs import designs

    base = {each.name: each.levels[0] for each in DIGITS.axes} | {
        "passes": "1",
        "depth": "3",
        "threshold": "0",
        "seed": "40",
    }
    # Without a start above zero and a score below the bar, what is held, and how, would not show.
    base |= {"start": "4", "step": "1", "budget": "same", "head": "fitted", "images": "64"}
    role = "adaptive" if axis.of_rule else "frozen" if axis.name in ("depth", "unit", "statistics") else "initialized"
    outcomes = {}
    for level in axis.different:
        monkeypatch.setattr(
            designs, "_draw", lambda design, level=level: ({**base, axis.name: level},) * design.protocols
        )
        result = execute(DIGITS.plan(0, role))
        outcomes[level] = (result.correct, result.train_losses, result.magnitudes, result.scores)
    # Five tiny tasks do not tell every threshold from the next, and the sample has 128 images here.
    same = {"h", "modules", "threshold", "step", "images"} if axis.of_rule else {"head"}
    distinct = len({str(outcome) for outcome in outcomes.values()})
    assert distinct == len(outcomes) or (axis.name in same and distinct > 1), (axis.name, distinct)
