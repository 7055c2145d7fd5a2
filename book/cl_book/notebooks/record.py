"""What a notebook says for the record: verdict lines on claims, and values that prose may quote.

Nothing here reads the list of claims: a page's outputs depend on what it computed, not on how the claims are worded.
That each id exists, and stands on the page that its claim names, is tested statically.
"""

import re
from html import escape

import numpy as np

REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE, NOT_RUN = "reproduced", "not reproduced", "inconclusive", "not run"
"""The words for a verdict; ``not run`` is never printed, it is what a claim without any verdict has."""

VERDICT_MIME = "application/vnd.cl-core.verdict+json"
"""Bundle entry ``{"claim", "verdict", "evidence"}`` beside a printed verdict line."""

VALUE_MIME = "application/vnd.cl-core.value+json"
"""Bundle entry ``{"name", "text"}`` beside a printed value."""

VERDICT_LINE = re.compile(
    rf"(?P<claim>[TC]\d\d) · (?P<verdict>{REPRODUCED}|{NOT_REPRODUCED}|{INCONCLUSIVE}) · (?P<evidence>\S.*)"
)
"""A verdict line, as printed."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CLAIM = re.compile(r"[TC]\d\d")
_MOST_DIGITS = 6


def verdict(claim: str, *, holds: bool | np.bool_ | None, evidence: str) -> None:
    """Display the verdict on `claim`: True reproduced, False not reproduced, None inconclusive; with its evidence.

    The output's text reads ``T04 · reproduced · largest |z| 2.31, limit 5``. `evidence` is one line with the numbers
    that decided and the limits they were held against.
    Raises ValueError on a bad id or empty evidence, TypeError if `holds` is no truth value (a number is none).
    """
    if not _CLAIM.fullmatch(claim):
        raise ValueError(f"claim id {claim!r} is not T or C and two digits, such as 'T04'")
    if not isinstance(holds, bool | np.bool_ | None):
        raise TypeError(f"holds = {holds!r} for {claim} is not True, False or None; compare with the limit first")
    words = " ".join(evidence.split())
    if not words:
        raise ValueError(f"the verdict on {claim} has no evidence; give the numbers that decided and their limits")
    outcome = INCONCLUSIVE if holds is None else REPRODUCED if holds else NOT_REPRODUCED
    _display(
        {
            "text/plain": f"{claim} · {outcome} · {words}",
            "text/html": f'<p class="cl-verdict" data-claim="{claim}" data-verdict="{outcome}"><b>{claim}</b> · '
            f"<strong>{outcome}</strong> · {escape(words)}</p>",
            VERDICT_MIME: {"claim": claim, "verdict": outcome, "evidence": words},
        }
    )


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


def _display(bundle: dict[str, object]) -> None:
    from IPython.display import display

    display(bundle, raw=True)  # type: ignore[no-untyped-call]
