"""What a notebook puts on record: verdicts on claims, and values that prose may quote.

Nothing here reads the list of claims: a page's outputs depend on what it computed, not on how the claims are worded.
That each id exists, and stands on the page that its claim names, is tested statically.
"""

import re
from html import escape

import numpy as np

REPRODUCED, NOT_REPRODUCED = "reproduced", "not reproduced"
"""The words for a claim on runs, whose ids begin with C."""

HOLDS, FAILS = "holds", "fails"
"""The words for a claim of our own theory, whose ids begin with T; an item of the paper that fails has the same one."""

HOLDS_AS_PRINTED, HOLDS_WHEN = "holds as printed", "holds when"
"""The words for an item of the paper, whose ids begin with P; after the second follows the condition."""

INCONCLUSIVE, NOT_RUN = "inconclusive", "not run"
"""The words for any claim; ``not run`` is never printed, it is what a claim without any verdict has."""

VERDICTS = (HOLDS_AS_PRINTED, HOLDS_WHEN, HOLDS, REPRODUCED, FAILS, NOT_REPRODUCED, INCONCLUSIVE)
"""Every verdict that a notebook may print, from agreement to none."""

VERDICT_MIME = "application/vnd.cl-core.verdict+json"
"""Bundle entry ``{"claim", "verdict", "evidence"}`` beside a printed verdict line, with ``"condition"`` if it has one."""

VALUE_MIME = "application/vnd.cl-core.value+json"
"""Bundle entry ``{"name", "text"}`` beside a printed value."""

VERDICT_LINE = re.compile(
    rf"(?P<claim>[TPC]\d{{2,3}}) · (?P<verdict>{'|'.join(VERDICTS)})"
    rf"(?:(?<={HOLDS_WHEN}) (?P<condition>[^·]*[^·\s]))? · (?P<evidence>\S.*)"
)
"""A verdict line, as printed; the group ``condition`` is None where there is none."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CLAIM = re.compile(r"[TPC]\d{2,3}")
_WORDS = {"T": (HOLDS, FAILS), "P": (HOLDS_AS_PRINTED, FAILS), "C": (REPRODUCED, NOT_REPRODUCED)}
_MOST_DIGITS = 6


def verdict(claim: str, *, holds: bool | np.bool_ | None, when: str = "", evidence: str) -> None:
    """Display the verdict on `claim` with its evidence: `holds` True agrees, False disagrees, None is inconclusive.

    The output's text reads ``T04 · holds · largest |z| 2.31, limit 5``. The words go by the id: T holds or fails, P holds
    as printed or fails, C is reproduced or not. `when` is for an item of the paper (P) that holds under a condition which
    the paper does not state: ``P01 · holds when the energy is spread evenly · …``; it is left out unless `holds` is True.
    `evidence` is one line with the numbers that decided and the limits they were held against.
    Raises ValueError on a bad id, a condition that cannot stand, or empty evidence; TypeError if `holds` is no truth value
    (a number is none).
    """
    if not _CLAIM.fullmatch(claim):
        raise ValueError(f"claim id {claim!r} is not T, P or C and two digits, such as 'T04'")
    if not isinstance(holds, bool | np.bool_ | None):
        raise TypeError(f"holds = {holds!r} for {claim} is not True, False or None; compare with the limit first")
    words = " ".join(evidence.split())
    if not words:
        raise ValueError(f"the verdict on {claim} has no evidence; give the numbers that decided and their limits")
    agrees, disagrees = _WORDS[claim[0]]
    outcome = INCONCLUSIVE if holds is None else agrees if holds else disagrees
    condition = _read_condition(claim, when) if holds else ""
    if condition:
        outcome = HOLDS_WHEN
    said = in_words(outcome, condition)
    _display(
        {
            "text/plain": f"{claim} · {said} · {words}",
            "text/html": f'<p class="cl-verdict" data-claim="{claim}" data-verdict="{outcome}"><b>{claim}</b> · '
            f"<strong>{escape(said)}</strong> · {escape(words)}</p>",
            VERDICT_MIME: {
                "claim": claim,
                "verdict": outcome,
                **({"condition": condition} if condition else {}),
                "evidence": words,
            },
        }
    )


def in_words(verdict: str, condition: str = "") -> str:
    """Return a verdict with its condition, such as ``holds when the energy is spread evenly``."""
    return f"{verdict} {condition}".strip()


def record(name: str, value: float | str, form: str = "{:.2f}") -> None:
    """Display ``name = value``, written by the format `form`, as a value that prose may quote by its name.

    `name` is a lower-case identifier, unique on its page. Negative zero is written as zero.
    Raises ValueError on a bad name, on more than 6 significant digits of a float, on a value that is not finite.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"value name {name!r} is not a lower-case identifier, such as 'largest_z'")
    text = value if isinstance(value, str) else format_value(value, form)
    _display({"text/plain": f"{name} = {text}", VALUE_MIME: {"name": name, "text": text}})


def format_value(value: float, form: str) -> str:
    """Return `value` in the format `form`, without negative zero; raises ValueError as :func:`record` does."""
    if not np.isfinite(value):
        raise ValueError(f"{value} is not finite; say in words what happens there")
    text = form.format(int(value) if float(value).is_integer() and "d" in form else float(value))
    digits = re.sub(r"[eE].*|[^0-9]", "", text).lstrip("0")
    if len(digits) > _MOST_DIGITS and ("." in text or "e" in text):
        raise ValueError(f"{text} has more than {_MOST_DIGITS} digits; machines differ beyond, use fewer than {form!r}")
    return text[1:] if text.startswith("-") and not digits else text


def format_signed(value: float, digits: int = 2, *, zero: str = "") -> str:
    """Return a difference with its sign, a true minus or a plus, and `digits` decimals; `zero` is the sign of zero."""
    text = f"{round(value, digits) + 0.0:+.{digits}f}".replace("-", "−")
    return text if text.strip("+0.") else zero + text[1:]


def _read_condition(claim: str, when: str) -> str:
    """Return the condition in one line. Raises ValueError where `claim` may have none, or it would break the line."""
    condition = " ".join(when.split())
    if condition and claim[0] != "P":
        raise ValueError(
            f"{claim} has the condition {when!r}; only items of the paper (P) do, so state it in the claim"
        )
    if "·" in condition:
        raise ValueError(f"the condition {when!r} of {claim} has a '·', which parts a verdict line; write it without")
    return condition


def _display(bundle: dict[str, object]) -> None:
    try:
        from IPython.display import display
    except ModuleNotFoundError:
        # A chapter's code, run as a program where there are no notebooks.
        print(bundle["text/plain"])
        return
    display(bundle, raw=True)
