"""What decides a claim on runs: which runs are compared, in what direction, and the number d that each seed gives.

A claim's `test` in book/claims.yml is one of these. Each kind gives one d a seed, in the claimed direction: above zero
speaks for the claim. Which seeds, and how large a d matters, is part of the claim. A new kind is a class here.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from cl_book.claims import wording
from cl_book.claims.arms import Arm, Arms, OneArm, Seeds
from cl_book.claims.paired_differences import (
    Along,
    Measure,
    PairedComparison,
    Reading,
    mean_along,
    measure,
    pair_scores,
    rank_correlation,
)
from cl_core.experiments.controls import degenerate
from cl_core.experiments.registry import find_strategy
from cl_core.experiments.store import Result
from cl_core.setting_ranges import format_value
from cl_core.settings_base import Value


class Difference(PairedComparison):
    """d = measure under `of` − under `against`, at the same seed."""

    kind: Literal["difference"]
    of: OneArm
    against: OneArm

    def sides(self) -> tuple[Arm, ...]:
        """Return both."""
        return (self.of, self.against)

    def shows(self) -> str:
        """Return the sentence, with what is left out where a control follows `of`."""
        return (
            f"{wording.measure(self.measure)} of {wording.pair(self.of, self.against)}, seed by seed: "
            f"its mean over {len(self.seeds)} seeds with a 95 % interval.{wording.left_out(self.of, self.against)}"
        )

    def compare(self, reading: Reading) -> None:
        """Take one side from the other; a control of a run that chose one magnitude compares nothing, nor a rule that never chose."""
        rows = reading.rows(self.sides(), self.seeds)
        for seed, (of, against) in rows.items():
            if why := _compares_nothing(of, against):
                reading.left_out[seed] = why
            else:
                reading.differences[seed] = reading.value(of) - reading.value(against)
        if never := self._rule_that_never_chose(rows):
            reading.left_out.update(dict.fromkeys(reading.differences, f"{never} chose one magnitude throughout"))
            reading.differences.clear()
        if reading.differences and not any(reading.differences.values()):
            reading.notes.append("the two sides are equal at every seed")
        reading.show_sides(self.sides(), rows)

    def _rule_that_never_chose(self, rows: Mapping[int, Sequence[Result]]) -> str:
        """Return the side that reads scores and moved one magnitude at every seed, so is no rule; empty for none."""
        for place, side in enumerate(self.sides()):
            rule = find_strategy(side.strategy)
            runs = [row[place] for row in rows.values()]
            if rule.scores and len(runs) == len(self.seeds) and all(_chose_nothing(run) for run in runs):
                return rule.name
        return ""


class Trend(PairedComparison):
    """d = change of (`of` − `against`), along the straight line fitted to it, from the first of `values` to the last.

    `over` is the setting that takes the values. Without `against` the measure of `of` alone is fitted.
    """

    kind: Literal["trend"]
    of: OneArm
    against: OneArm | None = None
    over: str
    values: tuple[float, ...] = Field(min_length=3)

    def sides(self) -> tuple[Arm, ...]:
        """Return each arm at each value."""
        return tuple(arm.at(self.over, value) for value in self.values for arm in self._arms())

    def shows(self) -> str:
        """Return the sentence."""
        title = wording.measure(self.measure)
        height = f"{title} of {wording.arm(self.of)}" if self.against is None else f"the difference in {title}"
        return (
            f"For each of {len(self.seeds)} seeds a straight line is fitted to {height} over {self.over} "
            f"{wording.listed(self.values)}. The change of the line from end to end: mean over the seeds with a 95 % "
            "interval."
        )

    def compare(self, reading: Reading) -> None:
        """Fit a line at each seed."""
        grid, wide = self.sides(), len(self._arms())
        rows = reading.rows(grid, self.seeds)
        for seed, row in rows.items():
            values = np.array([reading.value(run) for run in row]).reshape(len(self.values), wide)
            heights = values[:, 0] - (values[:, 1] if wide > 1 else 0)
            slope = float(np.polyfit(self.values, heights, 1)[0])
            reading.differences[seed] = slope * (self.values[-1] - self.values[0])
        reading.show_sides(grid, rows, keep=(*range(wide), *range(-wide, 0)))

    def _arms(self) -> tuple[Arm, ...]:
        return (self.of,) if self.against is None else (self.of, self.against)


class Picked(PairedComparison):
    """d = measure under the best of `among` − under the best of `against`, each picked by its mean on other seeds.

    `picked_on` are those seeds; none of them is among `seeds`, or the winner would be flattered.
    """

    kind: Literal["picked"]
    among: Arms = Field(min_length=1)
    against: Arms = Field(min_length=1)
    picked_on: Seeds

    @model_validator(mode="after")
    def _apart(self) -> "Picked":
        if both := set(self.picked_on) & set(self.seeds):
            raise ValueError(f"seeds {sorted(both)} both pick and test; a winner picked on them is flattered by them")
        return self

    def sides(self) -> tuple[Arm, ...]:
        """Return every arm that may be picked."""
        return (*self.among, *self.against)

    def all_seeds(self) -> tuple[int, ...]:
        """Return the seeds that pick and those that test."""
        return (*self.picked_on, *self.seeds)

    def shows(self) -> str:
        """Return the sentence."""
        return (
            f"{wording.measure(self.measure)} of {wording.best(self.among)} minus that of {wording.best(self.against)}, "
            f"picked on seeds {wording.span(self.picked_on)}, on the {len(self.seeds)} other seeds: mean and 95 % "
            "interval."
        )

    def tolerance(self) -> str:
        """Return what δ is and why, and that no winner is flattered."""
        rule = super().tolerance()
        return rule and f"{rule} The winner is not tested on the seeds that picked it."

    def compare(self, reading: Reading) -> None:
        """Pick on some seeds, compare on the others."""
        of, against = (self._best(reading, arms) for arms in (self.among, self.against))
        if of is None or against is None:
            return
        reading.notes += [
            f"{arm.title} was picked of {len(arms)}"
            for arm, arms in ((of, self.among), (against, self.against))
            if len(arms) > 1
        ]
        rows = reading.rows((of, against), self.seeds)
        for seed, (one, other) in rows.items():
            reading.differences[seed] = reading.value(one) - reading.value(other)
        reading.show_sides((of, against), rows)

    def _best(self, reading: Reading, arms: Sequence[Arm]) -> Arm | None:
        if len(arms) == 1:
            return arms[0]
        rows = reading.rows(arms, self.picked_on)
        for seed in self.picked_on:
            if why := reading.left_out.pop(seed, ""):
                # Nothing is tested then, and it is the tested seeds that are counted.
                reading.left_out.update(dict.fromkeys(self.seeds, f"nothing is picked, as at seed {seed} {why}"))
        if len(rows) < len(self.picked_on):
            return None
        means = [float(np.mean([reading.value(rows[seed][i]) for seed in self.picked_on])) for i in range(len(arms))]
        return arms[int(np.argmax(means))]


class Matched(PairedComparison):
    """d = measure under `of` − what `among` would have of it at the Task.Acc of `of`, at the same seed.

    Between the arms of `among`, sorted by their Task.Acc at that seed, the measure is taken along straight lines. A seed
    at which `of` learns less than all of them, or more, compares nothing.
    """

    kind: Literal["matched"]
    of: OneArm
    among: Arms = Field(min_length=2)

    @model_validator(mode="after")
    def _reads_another_measure(self) -> "Matched":
        if self.measure == "task_acc":
            raise ValueError("the arms are matched in task_acc, so it cannot be compared; take avg_acc or forgetting")
        return self

    def sides(self) -> tuple[Arm, ...]:
        """Return `of` and the arms that it is matched among."""
        return (self.of, *self.among)

    def shows(self) -> str:
        """Return the sentence."""
        return (
            f"At each of {len(self.seeds)} seeds, {wording.measure(self.measure)} of {wording.arm(self.of)} minus what "
            f"{wording.listed_arms(self.among)} would have of it at the same Task.Acc, taken along straight lines between "
            "them: mean over the seeds with a 95 % interval. A seed at which none learns as much, or none as little, is "
            "left out."
        )

    def compare(self, reading: Reading) -> None:
        """Match at each seed, and note between which arms."""
        rows = reading.rows(self.sides(), self.seeds)
        between: dict[str, int] = {}
        for seed, (own, *others) in rows.items():
            at = [measure(run, "task_acc") for run in others]
            order = np.argsort(at, kind="stable")
            learned, wanted = np.array(at)[order], measure(own, "task_acc")
            if not learned[0] <= wanted <= learned[-1]:
                reading.left_out[seed] = (
                    f"{self.of} learns {'less' if wanted < learned[0] else 'more'} than all of them"
                )
                continue
            values = np.array([reading.value(run) for run in others])[order]
            reading.differences[seed] = reading.value(own) - float(np.interp(wanted, learned, values))
            place = min(int(np.searchsorted(learned, wanted, side="right")), len(order) - 1)
            name = f"{self.among[order[place - 1]]} and {self.among[order[place]]}"
            between[name] = between.get(name, 0) + 1
        for name, count in between.items():
            reading.notes.append(f"learns as much as between {name} at {count} of {len(rows)} seeds")
        reading.show_sides((self.of,), rows, keep=(0,))


class Schedules(PairedComparison):
    """d = measure under `of` − its mean over the other schedules of few and many, at the same seed.

    There are 2^(tasks−1) schedules, for the tasks from the second on. With `alike` only those count that have as many
    `many` as the one that `of` chose at that seed.
    """

    kind: Literal["schedules"]
    of: OneArm
    tasks: int = Field(ge=2, le=8)
    alike: bool

    def schedules(self) -> tuple[Arm, ...]:
        """Return every schedule as an arm: a letter a task, m for many and f for few."""
        return tuple(Arm("fixed", (f"moves={''.join(moves)}",)) for moves in product("fm", repeat=self.tasks - 1))

    def sides(self) -> tuple[Arm, ...]:
        """Return the rule and every schedule."""
        return (self.of, *self.schedules())

    def shows(self) -> str:
        """Return the sentence."""
        rule = wording.arm(self.of)
        return (
            f"At each of {len(self.seeds)} seeds, {wording.measure(self.measure)} of {rule} minus its mean over the "
            f"other schedules{' with as many `many`' if self.alike else ''}: mean over the seeds with a 95 % interval. "
        ) + (
            "A seed at which there is no other such schedule compares nothing."
            if self.alike
            else f"{rule.capitalize()}'s rank among the {2 ** (self.tasks - 1)} is printed beside it."
        )

    def compare(self, reading: Reading) -> None:
        """Take the mean over the other schedules from the rule's own measure, and note its rank."""
        rows = reading.rows(self.sides(), self.seeds)
        ranks = []
        for seed, (own, *others) in rows.items():
            chosen = own.magnitudes[1:]
            many = max(m for run in others for m in run.magnitudes[1:] if m is not None)
            others = [run for run in others if run.magnitudes[1:] != chosen]
            if self.alike:
                others = [run for run in others if run.magnitudes[1:].count(many) == chosen.count(many)]
            if not others:
                reading.left_out[seed] = "no other schedule moves many blocks as often"
                continue
            values = [reading.value(run) for run in others]
            reading.differences[seed] = reading.value(own) - float(np.mean(values))
            ranks.append(f"{1 + sum(value > reading.value(own) for value in values)} of {1 + len(values)}")
        if ranks:
            reading.notes.append(f"rank by seed: {', '.join(ranks)}")
        reading.show_sides((self.of,), rows, keep=(0,))


class Association(PairedComparison):
    """d = rank correlation, over the arms `among` at one seed, between the measure and `along`, less `at_least`.

    With `rather_than` it is less the rank correlation between the measure and that.
    """

    kind: Literal["association"]
    among: Arms = Field(min_length=4)
    along: Along = "update_norm"
    rather_than: Along | None = None
    at_least: float = Field(default=0.0, gt=-1, lt=1)

    @model_validator(mode="after")
    def _has_delta(self) -> "Association":
        if self.delta is None:
            raise ValueError("a correlation needs its own delta: the rule in points does not apply")
        return self

    @property
    def unit(self) -> str:
        """What one unit of d is."""
        return "of rank correlation"

    def sides(self) -> tuple[Arm, ...]:
        """Return every arm."""
        return self.among

    def shows(self) -> str:
        """Return the sentence."""
        less = f", less that with {wording.ALONG[self.rather_than]}" if self.rather_than else ""
        less += f", less {self.at_least:g}" if self.at_least else ""
        return (
            f"At each of {len(self.seeds)} seeds, the rank correlation over the {len(self.among)} ways to train between "
            f"{wording.ALONG[self.along]} and {wording.measure(self.measure)}{less}: mean over the seeds with a 95 % interval."
        )

    def compare(self, reading: Reading) -> None:
        """Correlate over the arms at each seed."""
        rows = reading.rows(self.among, self.seeds)
        for seed, row in rows.items():
            values = np.array([reading.value(run) for run in row])

            def follow(name: Along, row: Sequence[Result] = row, values: NDArray[np.float64] = values) -> float:
                return rank_correlation(np.array([mean_along(run, name) for run in row]), values)

            other = follow(self.rather_than) if self.rather_than else 0.0
            reading.differences[seed] = follow(self.along) - other - self.at_least
        reading.show_sides(self.among, rows, keep=(0, -1))


class Echo(PairedComparison):
    """d = rank correlation, over the tasks of one run from the third on, of a task's score with the blocks that the task before moved."""

    kind: Literal["echo"]
    measure: Measure = "score"
    of: OneArm

    @model_validator(mode="after")
    def _has_delta(self) -> "Echo":
        if self.delta is None or self.measure != "score":
            raise ValueError("an echo is of scores, and needs its own delta: the rule in points does not apply")
        return self

    @property
    def unit(self) -> str:
        """What one unit of d is."""
        return "of rank correlation"

    def sides(self) -> tuple[Arm, ...]:
        """Return the one."""
        return (self.of,)

    def shows(self) -> str:
        """Return the sentence."""
        sign = "" if self.direction == "more" else " times −1"
        return (
            f"At each of {len(self.seeds)} seeds of {self.of}, the rank correlation over the tasks from the third on between "
            f"a task's score and the number of blocks that the task before moved,{sign}: mean over the seeds with a 95 % interval."
        )

    def compare(self, reading: Reading) -> None:
        """Correlate within each run; a run in which every task had the same before it says nothing."""
        rows = reading.rows(self.sides(), self.seeds)
        for seed, (run,) in rows.items():
            moved, scores = pair_scores([run]).T
            if np.ptp(moved) == 0:
                reading.left_out[seed] = "every task before moved the same number of blocks"
            else:
                reading.differences[seed] = self.sign * rank_correlation(moved, scores)


class Share(PairedComparison):
    """d = share of the protocols in which `of` − `against` points as claimed, less `at_least`, at the same seed, in per cent.

    A protocol is one combination of the values that `across` gives to settings which both sides read; a difference of
    zero counts half.
    """

    kind: Literal["share"]
    of: OneArm
    against: OneArm
    across: dict[str, Annotated[tuple[Value, ...], Field(min_length=1)]] = Field(min_length=1)
    at_least: float = Field(default=0.5, ge=0, lt=1)

    @model_validator(mode="after")
    def _is_share(self) -> "Share":
        if self.delta is None:
            raise ValueError(
                "a share needs its own delta, in percentage points: the rule in points of a measure does not apply"
            )
        if len(self.protocols()) < 2:
            raise ValueError("`across` gives one protocol alone; give two values or more of some setting")
        return self

    @property
    def unit(self) -> str:
        """What one unit of d is."""
        return "percentage points"

    def protocols(self) -> list[tuple[str, ...]]:
        """Return the settings of each protocol, as ``--set`` takes them."""
        words = [[f"{name}={format_value(value)}" for value in values] for name, values in self.across.items()]
        return list(product(*words))

    def sides(self) -> tuple[Arm, ...]:
        """Return both arms under each protocol."""
        return tuple(
            Arm(arm.strategy, (*arm.settings, *protocol))
            for protocol in self.protocols()
            for arm in (self.of, self.against)
        )

    def shows(self) -> str:
        """Return the sentence."""
        values = "; ".join(f"{name} {', '.join(map(format_value, given))}" for name, given in self.across.items())
        return (
            f"At each of {len(self.seeds)} seeds, the share of {len(self.protocols())} protocols ({values}) in which there is "
            f"{self.direction} {wording.measure(self.measure)} under {wording.arm(self.of)} than under "
            f"{wording.arm(self.against)}, less {100 * self.at_least:g} %: mean over the seeds with a 95 % interval."
        )

    def compare(self, reading: Reading) -> None:
        """Count the protocols at each seed, and note in how many the mean over the seeds points as claimed."""
        rows = reading.rows(self.sides(), self.seeds)
        d = np.array([[reading.value(run) for run in row] for row in rows.values()]).reshape(len(rows), -1, 2)
        differences = d[:, :, 0] - d[:, :, 1]
        for seed, row in zip(rows, differences, strict=True):
            held = float(np.mean((row > 0) + (row == 0) / 2))
            reading.differences[seed] = 100 * (held - self.at_least)
        if rows:
            protocols, means = self.protocols(), differences.mean(axis=0)
            fails = [" ".join(protocol) for protocol, mean in zip(protocols, means, strict=True) if mean <= 0]
            but = f", not with {'; '.join(fails)}" if fails else ""
            reading.notes.append(f"holds in {len(protocols) - len(fails)} of {len(protocols)} protocols{but}")


Comparison = Annotated[
    Difference | Trend | Picked | Matched | Schedules | Association | Echo | Share, Field(discriminator="kind")
]
"""The test of a claim on runs."""


_BLIND = ("clock", "walk")
"""Controls that take Algorithm 1's steps and look at no run."""


def _compares_nothing(of: Result, against: Result) -> str | None:
    """Say why a rule and what it is held against compare nothing at this seed, None where they do."""
    for one, other in ((of, against), (against, of)):
        rule = find_strategy(one.strategy)
        follows = find_strategy(other.strategy).follows == rule.name and rule.scores
        if follows and _chose_nothing(one):
            return f"{rule.name} chose one magnitude throughout"
        if rule.scores and (follows or other.strategy in _BLIND) and _moved_alike(one, other):
            return f"{rule.name} and {other.strategy} moved the same blocks in every task"
    return None


def _moved_alike(one: Result, other: Result) -> bool:
    """Whether two runs differ in nothing but their strategy's name: the same settings, the same blocks in every task."""
    common = set(one.config) & set(other.config)
    return one.magnitudes == other.magnitudes and all(one.config[name] == other.config[name] for name in common)


def _chose_nothing(run: Result) -> bool:
    return degenerate([m for m in run.magnitudes if m is not None], find_strategy(run.strategy).free_from)
