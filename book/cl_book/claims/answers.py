"""A question asked of every stream: what one method gains over others, by seed, with the claim that was stated on it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cl_book.claims import overview
from cl_book.claims.arms import Arm
from cl_book.claims.claim import Standing
from cl_book.claims.comparisons import Difference
from cl_book.claims.pairs import pair_by_seed
from cl_book.claims.statistics import Interval, t_interval
from cl_core.experiments.store import metric
from cl_core.metric_table import MEASURES
from cl_core.runs.result_set import ResultSet

LEAST_SEEDS = 2
"""Seeds from which a mean difference gets an interval."""

Pair = tuple[Arm, Arm]


@dataclass(frozen=True)
class Answer:
    """One method less another on one stream, in points of `measure`: None where it was not run; and the claim on it."""

    experiment: str
    pair: Pair
    measure: str
    interval: Interval | None
    standing: Standing | None

    @property
    def side(self) -> str:
        """Whether the first is ``better``, ``worse`` or neither (``open``): its interval against zero; ``not run`` without one."""
        if self.interval is None:
            return "not run"
        if self.interval.low <= 0 <= self.interval.high:
            return "open"
        return "better" if (self.interval.mean > 0) == (MEASURES[self.measure].better == "more") else "worse"


@dataclass(frozen=True)
class Question:
    """What is asked: one method against others, each with the measure and the words of its column."""

    of: str
    columns: tuple[tuple[str, str, Mapping[str, Pair]], ...]
    """Of each column: its title, its measure, and the pair on each stream (of the streams that have it)."""


def answer(question: Question, results: ResultSet, standings: Iterable[Standing]) -> dict[str, list[Answer | None]]:
    """Return, for each stream of the results page, an answer a column; None where a stream has no such pair."""
    claims = _index(standings)
    return {
        experiment: [
            _compare(experiment, pairs[experiment], measure, results, claims) if experiment in pairs else None
            for _, measure, pairs in question.columns
        ]
        for experiment in overview.STREAMS
    }


def count_sides(answers: Iterable[Answer | None]) -> dict[str, int]:
    """Return how many answers are better, worse, open and not run."""
    sides = [each.side for each in answers if each is not None]
    return {side: sides.count(side) for side in ("better", "worse", "open", "not run")}


def count_by_measure(question: Question, rows: Iterable[Sequence[Answer | None]]) -> dict[str, dict[str, int]]:
    """Return by measure of the question how many answers in `rows` are better, worse, open and not run, and how many were run (`run`)."""
    rows = list(rows)
    counted = {}
    for measure in dict.fromkeys(measure for _, measure, _ in question.columns):
        places = [place for place, (_, of, _) in enumerate(question.columns) if of == measure]
        sides = count_sides(row[place] for row in rows for place in places)
        counted[measure] = {**sides, "run": sum(sides.values()) - sides["not run"]}
    return counted


def _depth_pairs(strategy: str, depth: int) -> dict[str, Pair]:
    """Return frozen training of `depth` blocks against initialized training; a perceptron has two where others have three."""
    return {
        experiment: (Arm(strategy, ("trained=2",) if experiment == "permuted-mnist" else (f"trained={depth}",)), _ALL)
        for experiment in overview.STREAMS
        if depth == 3 or experiment != "permuted-mnist"
    }


_ALL = Arm("initialized")
_ONE = Arm("frozen")


def _everywhere(of: Arm, against: Arm) -> dict[str, Pair]:
    return dict.fromkeys(overview.STREAMS, (of, against))


def _against_depth(of: Arm, depth: int) -> dict[str, Pair]:
    return {experiment: (of, frozen) for experiment, (frozen, _) in _depth_pairs("frozen", depth).items()}


def _ask_frozen() -> Question:
    depths: Sequence[tuple[str, Mapping[str, Pair]]] = (
        ("1 block", _everywhere(_ONE, _ALL)),
        ("3 blocks", _depth_pairs("frozen", 3)),
        ("5 blocks", _depth_pairs("frozen", 5)),
    )
    return Question(
        "frozen",
        tuple(
            (f"{words}, {depth}", measure, pairs)
            for words, measure in (("Accuracy", "avg_acc"), ("Forgetting", "forgetting"))
            for depth, pairs in depths
        ),
    )


def _against_both_ends(of: Arm) -> Sequence[tuple[str, Mapping[str, Pair]]]:
    """Return `of` against initialized training and frozen training at each depth, with the words of each."""
    return (
        ("initialized", _everywhere(of, _ALL)),
        ("frozen 1", _everywhere(of, _ONE)),
        ("frozen 3", _against_depth(of, 3)),
        ("frozen 5", _against_depth(of, 5)),
    )


def _ask_rule() -> Question:
    sides = _against_both_ends(Arm("adaptive"))
    return Question(
        "adaptive",
        (
            *((f"Accuracy − {words}", "avg_acc", pairs) for words, pairs in sides),
            *((f"Forgetting − {words}", "forgetting", pairs) for words, pairs in sides[:2]),
        ),
    )


def _ask_averaged() -> Question:
    way = Arm("averaged")
    sides = (
        *_against_both_ends(way),
        ("Algorithm 1", _everywhere(way, Arm("adaptive"))),
        ("no update", _everywhere(way, Arm("frozen-0"))),
        ("short steps", _everywhere(way, Arm("slower", ("rate_factor=0.03",)))),
    )
    return Question("averaged", tuple((f"− {words}", "avg_acc", pairs) for words, pairs in sides))


QUESTIONS: Mapping[str, Question] = {
    question.of: question for question in (_ask_frozen(), _ask_rule(), _ask_averaged())
}
"""The questions, by the method that each is about: the first page's two, and that of the chapter on a part of the way."""


def _index(standings: Iterable[Standing]) -> dict[tuple[str, frozenset[Arm], str], Standing]:
    """Return the claims that compare two sides, by stream, sides and measure; the first where several do."""
    found: dict[tuple[str, frozenset[Arm], str], Standing] = {}
    for standing in standings:
        test = standing.claim.test
        if isinstance(test, Difference):
            found.setdefault((test.experiment, frozenset(test.sides()), str(test.measure)), standing)
    return found


def _compare(
    experiment: str,
    pair: Pair,
    measure: str,
    results: ResultSet,
    claims: Mapping[tuple[str, frozenset[Arm], str], Standing],
) -> Answer:
    sides = [{run.seed: run for run in overview.find_runs(experiment, arm, results).values()} for arm in pair]
    standing = claims.get((experiment, frozenset(pair), measure))
    # A claim is decided on the seeds that it names; what stands beside its verdict is of the same ones.
    named = None if standing is None or standing.claim.test is None else standing.claim.test.seeds
    rows = [row for seed, row in pair_by_seed(sides).items() if named is None or seed in named]
    differences = [100 * (metric(first, measure) - metric(second, measure)) for first, second in rows]
    interval = t_interval(differences) if len(rows) >= LEAST_SEEDS else None
    return Answer(experiment, pair, measure, interval, standing)
