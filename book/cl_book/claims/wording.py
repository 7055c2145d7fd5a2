"""What a comparison says of itself in words: what would show the claim, and how far off still counts."""

from collections.abc import Sequence

from cl_book.claims.arms import Arm
from cl_core.experiments.registry import find_experiment, find_strategy
from cl_core.metric_table import MEASURES

_ARMS = {
    "frozen-0": "frozen at magnitude zero",
    "within": "all blocks within frozen's distance",
    "within-averaged": "all blocks within averaged's distance",
}
"""What a strategy is called in a sentence, where its name alone would not be understood."""

ALONG = {
    "moved_share": "the number of parameters that may move",
    "update_norm": "the mean ‖θ_t − θ_{t−1}‖",
    "curvature": "the mean ½ΔᵀHΔ of the earlier tasks' losses",
    "drift": "the mean drift of the earlier heads' answers to the new images",
}
"""What forgetting may follow, in words."""

_FRACTIONS = {0.25: "¼", 0.5: "½", 0.75: "¾"}

_LEAST = ": the least that the rule allows"
_NEAR_HALF = "of an accuracy near one half on"
_HALF_A_POINT = {
    "cifar10": f". Half a point is one standard error {_NEAR_HALF} 10,000 test images",
    "cifar100": f". Half a point is one standard error {_NEAR_HALF} 10,000 test images",
    "mnist": f"{_LEAST}, about three standard errors {_NEAR_HALF} ten times 10,000 test images",
}
"""What half a point is, by the data set whose test images are scored."""

_FEW_IMAGES = {
    "cub50": "δ is half a point, the rule's least. A CUB-50 task has few test images, so the verdict may well be "
    "inconclusive."
}


def measure(name: str) -> str:
    """Return what is measured, at the beginning of a sentence."""
    if name == "update_norm":
        return "The mean of ‖θ_t − θ_{t−1}‖ over the tasks from the second on, as a logarithm,"
    return MEASURES[name].title


def arm(side: Arm) -> str:
    """Return a strategy with its settings in words."""
    return " ".join([_ARMS.get(side.strategy, side.strategy), *side.settings])


def pair(of: Arm, against: Arm) -> str:
    """Return ``frozen minus initialized at overlap 1``: two arms, with the settings that they share at the end."""
    shared = of.settings if of.settings == against.settings else ()
    one, other = (Arm(side.strategy) if shared else side for side in (of, against))
    name = f"its {other.strategy.removeprefix(f'{one.strategy}-')} control" if _follows(other, one) else arm(other)
    at = " and ".join(word.replace("=", " ") for word in shared)
    return f"{arm(one)} minus {name}{f' at {at}' if at else ''}"


def left_out(of: Arm, against: Arm) -> str:
    """Return the sentence on seeds that compare nothing; empty unless `against` is a control of `of`."""
    if not _follows(against, of):
        return ""
    return f" Seeds at which {of.strategy} chose one magnitude throughout are left out."


def best(arms: Sequence[Arm]) -> str:
    """Return ``the best of frozen and initialized``, or the only arm."""
    return arm(arms[0]) if len(arms) == 1 else f"the best of {listed_arms(arms)}"


def listed_arms(arms: Sequence[Arm]) -> str:
    """Return ``frozen and initialized``."""
    return _joined([arm(each) for each in arms])


def listed(values: Sequence[float]) -> str:
    """Return ``0, ¼, ½, ¾ and 1``."""
    return _joined([_FRACTIONS.get(value, f"{value:g}") for value in values])


def span(seeds: Sequence[int]) -> str:
    """Return ``0 to 2`` for seeds without a gap, else all of them."""
    first, last = seeds[0], seeds[-1]
    whole = len(seeds) > 2 and tuple(seeds) == tuple(range(first, last + 1))
    return f"{first} to {last}" if whole else listed(seeds)


def tolerance(experiment: str, *, reported: bool, half: bool) -> str:
    """Return what δ is and why, where a rule sets it: `half` of the `reported` difference, or half a point."""
    if half:
        return (
            "δ is half of the reported difference. An effect of less than half that size would not carry the same "
            "conclusion."
        )
    data = find_experiment(experiment).definition.dataset
    if data in _FEW_IMAGES:
        return _FEW_IMAGES[data]
    why = "the reported difference is less than a point" if reported else "the paper reports no number to take half of"
    return f"δ is half a point, as {why}{_HALF_A_POINT.get(data, _LEAST)}."


def _follows(control: Arm, rule: Arm) -> bool:
    try:
        return find_strategy(control.strategy).follows == rule.strategy
    except ValueError:
        return False  # a strategy that is not here is told where its runs are read


def _joined(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
