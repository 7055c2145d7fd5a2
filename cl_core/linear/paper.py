"""The paper's theory item by item, in its own letters: as printed, exact, and mended.

Every function takes a :class:`Setting`. *Printed* forms are what the main text says, and refuse a setting outside its
assumptions; *exact* forms agree with :func:`cl_core.linear.expected_losses` in every regime; *mended* forms are the
printed theorems made to agree with the exact values. Losses are expected squared parameter errors; the first task starts
at zero and trains everything. Equation numbers are those of the main text, arXiv 2602.20796 v1; its appendices are not
known to this project, so that a form that is called deferred here is this project's own.
Source: book, the pages on the paper's items, which prove each exact form.
"""

import math
from typing import NamedTuple

from cl_core.linear.optimum import optimal_magnitude
from cl_core.linear.setting import Setting, resize
from cl_core.linear.step import learned_share, variance

__all__ = [
    "Optimum",
    "Setting",
    "betas",
    "corollary_iv9",
    "exact_forgetting_frozen",
    "exact_forgetting_initialized",
    "exact_generalization_frozen",
    "exact_generalization_initialized",
    "exact_old_loss_frozen",
    "gammas",
    "lemma_iv2",
    "lemma_iv3",
    "lemma_iv5",
    "mended_corollary_iv9",
    "mended_theorem_iv4",
    "mended_theorem_iv6",
    "proposition_iv7",
    "repaired_betas",
    "repaired_corollary_iv9",
    "repaired_theorem_iv6",
    "resize",
    "theorem_iv4",
    "theorem_iv6",
]


class Optimum(NamedTuple):
    """What Theorem IV.4 says of a setting: ξ, η, and the optimal p_2 as a real number, None where it claims none."""

    xi: float
    eta: float
    p2: float | None


# As printed ---------------------------------------------------------------------------------------------------------


def lemma_iv2(s: Setting) -> float:
    """Return E‖w̃_2 − w_1‖² of frozen training as printed (3); exact only when the energy is spread evenly.

    Raises ValueError unless p_1 = p_2, p + p_1 > n_1 + 1 and p_2 > n_2 + 1.
    """
    _require_wide(s, s.p2, "p2")
    return (
        s.r * (s.u1_squared + s.r_A * s.q1_squared + s.n2 * s.u2_squared / s.v_4)
        + (1 - s.r_A) * s.delta_q_squared
        + s.n2 * s.sigma2**2 / s.v_4
        + s.v_1 * s.N
        + s.n2 * (1 - s.r) * s.delta_squared / s.v_4
    )


def lemma_iv3(s: Setting) -> float:
    """Return the forgetting of frozen training as printed (4); exact only when the energy is spread evenly.

    Raises ValueError unless p_1 = p_2, p + p_1 > n_1 + 1 and p_2 > n_2 + 1.
    """
    _require_wide(s, s.p2, "p2")
    return (
        s.n2 * (1 - s.r) * s.delta_squared / s.v_4
        + s.r * ((s.r_A - 1) * s.q1_squared + s.n2 * s.u2_squared / s.v_4)
        + (1 - s.r_A) * s.delta_q_squared
        + (s.v_1 - 1) * s.N
        + s.n2 * s.sigma2**2 / s.v_4
    )


def theorem_iv4(s: Setting) -> Optimum:
    """Return ξ, η and p_2* of Theorem IV.4 as printed (5)–(10): the extremum of frozen's forgetting in p_2 at p + p_2 = K.

    p_2* = (n_2+1)(ξ + √(ξη))/(ξ − η) where ξ > η > 0, else None. Raises ValueError unless p_1 = p_2 and K > n_1 + 1.
    """
    _require_first_task(s)
    xi = s.r * s.q1_squared - s.delta_q_squared
    eta = (
        s.r * s.u2_squared
        + (1 - s.r) * s.delta_squared
        + s.sigma2**2
        + s.n1 * s.p * s.sigma1**2 / ((s.K - s.n1 - 1) * s.K)
    )
    if not xi > eta > 0:
        return Optimum(xi, eta, None)
    return Optimum(xi, eta, (s.n2 + 1) * (xi + math.sqrt(xi * eta)) / (xi - eta))


def lemma_iv5(s: Setting) -> float:
    """Return the forgetting of initialized training as printed (11); exact always.

    Raises ValueError unless p_1 = p_2, p + p_1 > n_1 + 1 and p + p_2 > n_2 + 1.
    """
    _require_wide(s, s.K, "p + p2")
    return (
        s.r * (s.r_B - 1) * (s.u1_squared + s.q1_squared)
        + (1 - s.r_B) * (s.delta_q_squared + s.delta_squared)
        + (s.r_B - 1) * s.N
        + s.n2 * s.sigma2**2 / (s.K - s.n2 - 1)
    )


def gammas(s: Setting) -> tuple[float, float, float, float, float]:
    """Return γ_1 … γ_5 of Theorem IV.6 as printed (13)–(17).

    Raises ValueError unless p_1 = p_2, p + p_1 > n_1 + 1 and p_2 > n_2 + 1.
    """
    _require_wide(s, s.p2, "p2")
    gap = s.r_B - s.r_A
    mixed = s.p * s.n2 - (1 - s.r_A) * s.p1 * s.v_4 + (1 - s.r_B) * s.D * s.v_4
    return (
        (1 - s.r_B) / gap,
        s.n2 / (gap * s.v_4),
        ((1 - s.r) * s.n2 - (1 - s.r_B) * s.v_4) / (s.r * gap * s.v_4),
        s.n1 * mixed / (s.r * gap * s.D * s.v_4 * s.v_5),
        s.p * s.n2 / (s.r * gap * (s.K - s.n2 - 1) * s.v_4),
    )


def theorem_iv6(s: Setting) -> bool:
    """Return whether Theorem IV.6 as printed (12) says that frozen training forgets less than initialized training.

    Its Δq² carries r where Lemmas IV.3 and IV.5 give 1/r. Raises ValueError as :func:`gammas`.
    """
    return _forgets_less(s, s.r)


def proposition_iv7(s: Setting) -> float:
    """Return the generalisation error of frozen training as printed (24); exact only when the energy is spread evenly.

    Raises ValueError unless p_1 = p_2, p + p_1 > n_1 + 1 and p_2 > n_2 + 1.
    """
    _require_wide(s, s.p2, "p2")
    return (
        (1 - s.r * s.r_A) * s.delta_q_squared / 2
        + s.r * (s.u1_squared + s.v_3 * s.u2_squared + s.r_A * (s.q1_squared + s.q2_squared)) / 2
        + (1 - s.r) * s.v_3 * s.delta_squared / 2
        + s.v_1 * s.N
        + s.n2 * s.sigma2**2 / s.v_4
    )


def betas(s: Setting) -> tuple[float, float, float, float, float]:
    """Return β_1 … β_5 of Corollary IV.9 as printed (26)–(30); β_3 is negative always. Raises ValueError as :func:`gammas`."""
    return _betas(s, s.v_6)


def corollary_iv9(s: Setting) -> bool:
    """Return whether Corollary IV.9 as printed (25) says that frozen training generalises better.

    Both sides are multiplied by ‖q_1‖² + ‖q_2‖², so that q = 0 is no exception. Raises ValueError as :func:`gammas`.
    """
    return _generalizes_better(s, betas(s))


# Exact --------------------------------------------------------------------------------------------------------------


def exact_old_loss_frozen(s: Setting) -> float:
    """Return E‖w̃_2 − w_1‖² of frozen training in every regime: (3) + ε n_2(1/p_2 + 1/v_4) where (3) is printed.

    Infinite at n_2 − 1 ≤ p_2 ≤ n_2 + 1 (unless B = 0) and where the first task's loss is. Raises ValueError unless p_1 = p_2.
    """
    first = _first_task(s)
    share, spread = _second_step(s.p2, s.n2, first.new_u + s.sigma2**2)
    return first.old_u + _scale(1 - share, first.old_q) + share * s.delta_q_squared + spread


def exact_forgetting_frozen(s: Setting) -> float:
    """Return the forgetting of frozen training in every regime, that of p_2 < n_2 included (deferred to Appendix A.1).

    For p + p_1 > n_1 + 1 and p_2 > n_2 + 1 it is (4) + ε n_2(1/p_2 + 1/v_4). For p_2 < n_2 − 1 the block is overwritten:
    Δq² − E‖q̃_1 − q_1‖² + p_2 B/(n_2 − p_2 − 1), B = E‖u_2 − ũ_1‖² + σ_2². Infinite at n_2 − 1 ≤ p_2 ≤ n_2 + 1 (unless
    B = 0); NaN where the first task's own loss is infinite. Raises ValueError unless p_1 = p_2.
    """
    first = _first_task(s)
    if not math.isfinite(first.old_q):
        return math.nan
    share, spread = _second_step(s.p2, s.n2, first.new_u + s.sigma2**2)
    return share * (s.delta_q_squared - first.old_q) + spread


def exact_forgetting_initialized(s: Setting) -> float:
    """Return the forgetting of initialized training in every regime; (11) for p + p_1 > n_1 + 1 and p + p_2 > n_2 + 1.

    For p + p_2 < n_2 − 1 everything is overwritten: Δq² + δ² − E‖w̃_1 − w_1‖² + (p+p_2)σ_2²/(n_2 − p − p_2 − 1). Infinite
    between (unless σ_2 = 0); NaN where the first task's own loss is infinite. Raises ValueError unless p_1 = p_2.
    """
    first = _first_task(s)
    old = first.old_u + first.old_q
    if not math.isfinite(old):
        return math.nan
    share, spread = _second_step(s.K, s.n2, s.sigma2**2)
    return share * (s.delta_q_squared + s.delta_squared - old) + spread


def exact_generalization_frozen(s: Setting) -> float:
    """Return the generalisation error of frozen training in every regime: the mean over both tasks of E‖w̃_2 − w_k‖².

    For p + p_1 > n_1 + 1 and p_2 > n_2 + 1 it is (24) + ε n_2(1/p_2 + 1/v_4). Infinite at n_2 − 1 ≤ p_2 ≤ n_2 + 1 (unless
    B = 0) and where the first task's loss is. Raises ValueError unless p_1 = p_2.
    """
    first = _first_task(s)
    share, spread = _second_step(s.p2, s.n2, first.new_u + s.sigma2**2)
    on_second = first.new_u + _scale(1 - share, first.new_q) + spread
    return (exact_old_loss_frozen(s) + on_second) / 2


def exact_generalization_initialized(s: Setting) -> float:
    """Return the generalisation error of initialized training in every regime (deferred to Appendix A.6).

    For p + p_1 > n_1 + 1 and p + p_2 > n_2 + 1 it is ½(1 − r r_B)(Δq² + δ²) + ½ r r_B(‖w_1‖² + ‖w_2‖²) + r_B N
    + n_2σ_2²/(p + p_2 − n_2 − 1), with w_k = (u_k, q_k). Infinite at n_2 − 1 ≤ p + p_2 ≤ n_2 + 1 (unless σ_2 = 0), and where
    the first task's loss is and stays so. Raises ValueError unless p_1 = p_2.
    """
    first = _first_task(s)
    share, spread = _second_step(s.K, s.n2, s.sigma2**2)
    on_first = _scale(1 - share, first.old_u + first.old_q) + share * (s.delta_q_squared + s.delta_squared) + spread
    on_second = _scale(1 - share, first.new_u + first.new_q) + spread
    return (on_first + on_second) / 2


# Mended -------------------------------------------------------------------------------------------------------------


def mended_theorem_iv4(s: Setting) -> Optimum:
    """Return ξ, η and p_2* with which Theorem IV.4 holds, lengths held while p_2 moves at fixed K: a minimum, not a plateau.

    ξ = r‖q_1‖² − Δq² − bK‖q_1‖², η = r‖u_2‖² + (1−r)δ² + σ_2² + b(K‖q_1‖² − (n_2+1)(‖u_1‖² + ‖q_1‖²)) + N(K−n_2−1)/K. On
    the branch p_2 > n_2 + 1 exact forgetting is −n_2ξ/p_2 + n_2η/(p_2−n_2−1) and a constant. None where there is no
    minimum below K. Raises ValueError unless p_1 = p_2 and K > n_1 + 1.
    """
    _require_first_task(s)
    xi = s.r * s.q1_squared - s.delta_q_squared - s.b * s.K * s.q1_squared
    eta = (
        s.r * s.u2_squared
        + (1 - s.r) * s.delta_squared
        + s.sigma2**2
        + s.b * (s.K * s.q1_squared - (s.n2 + 1) * (s.u1_squared + s.q1_squared))
        + s.N * (s.K - s.n2 - 1) / s.K
    )
    optimum = optimal_magnitude(xi, eta, s.n2)
    return Optimum(xi, eta, optimum[0] if optimum is not None and optimum[0] < s.K else None)


def mended_theorem_iv6(s: Setting) -> bool:
    """Return whether frozen training forgets less than initialized training, by the exact values, in every regime.

    Raises ValueError unless p_1 = p_2. False where a value is NaN.
    """
    return exact_forgetting_frozen(s) < exact_forgetting_initialized(s)


def mended_corollary_iv9(s: Setting) -> bool:
    """Return whether frozen training generalises better, by the exact values, in every regime.

    Raises ValueError unless p_1 = p_2.
    """
    return exact_generalization_frozen(s) < exact_generalization_initialized(s)


def repaired_theorem_iv6(s: Setting) -> bool:
    """Return (12) with 1/r in place of r before Δq²: equivalent to comparing the printed (4) with (11).

    It still lacks ε; :func:`mended_theorem_iv6` does not. Raises ValueError as :func:`gammas`.
    """
    return _forgets_less(s, 1 / s.r)


def repaired_betas(s: Setting) -> tuple[float, float, float, float, float]:
    """Return β_1 … β_5 with v_4 in place of v_6 in the second term of β_3. Raises ValueError as :func:`gammas`."""
    return _betas(s, s.v_4)


def repaired_corollary_iv9(s: Setting) -> bool:
    """Return (25) with the repaired β_3: equivalent to comparing the printed (24) with initialized's exact value.

    It still lacks ε; :func:`mended_corollary_iv9` does not. Raises ValueError as :func:`gammas`.
    """
    return _generalizes_better(s, repaired_betas(s))


# Parts --------------------------------------------------------------------------------------------------------------


class _FirstTask(NamedTuple):
    """What the first task leaves: expected squared errors a block, on the old task (w_1) and on the new one (w_2)."""

    old_u: float
    old_q: float
    new_u: float
    new_q: float


def _first_task(s: Setting) -> _FirstTask:
    s.require_equal_blocks()
    kept = 1 - float(learned_share(s.D, s.n1))
    noise = float(variance(s.D, s.n1, s.sigma1**2))
    in_u, in_q = s.epsilon + s.p * noise / s.D, -s.epsilon + s.p1 * noise / s.D
    return _FirstTask(
        old_u=kept * s.u1_squared + in_u,
        old_q=kept * s.q1_squared + in_q,
        new_u=kept * s.u2_squared + (1 - kept) * s.delta_squared + in_u,
        new_q=kept * s.q2_squared + (1 - kept) * s.delta_q_squared + in_q,
    )


def _second_step(trained: int, samples: int, left_behind: float) -> tuple[float, float]:
    return float(learned_share(trained, samples)), float(variance(trained, samples, left_behind))


def _scale(factor: float, value: float) -> float:
    # What is overwritten is gone, infinite or not: 0 · ∞ is 0 here.
    return factor * value if factor > 0 else 0.0


def _forgets_less(s: Setting, weight: float) -> bool:
    gamma = gammas(s)
    left = (
        gamma[0] * s.u1_squared
        + gamma[1] * s.u2_squared
        + weight * s.delta_q_squared
        + gamma[2] * s.delta_squared
        + gamma[3] * s.sigma1**2
        + gamma[4] * s.sigma2**2
    )
    return left < s.q1_squared


def _betas(s: Setting, second: int) -> tuple[float, float, float, float, float]:
    gamma = gammas(s)
    gap = s.r_B - s.r_A
    return (
        gamma[0],
        (s.v_6 - s.v_4 * s.r_B) / (gap * s.v_4),
        ((1 - s.r) * s.v_6 - (1 - s.r * s.r_B) * second) / (s.r * gap * s.v_4),
        2 * gamma[3],
        2 * gamma[4],
    )


def _generalizes_better(s: Setting, beta: tuple[float, float, float, float, float]) -> bool:
    left = (
        beta[0] * s.u1_squared
        + beta[1] * s.u2_squared
        + s.delta_q_squared
        + beta[2] * s.delta_squared
        + beta[3] * s.sigma1**2
        + beta[4] * s.sigma2**2
    )
    return left < s.q1_squared + s.q2_squared


def _require_first_task(s: Setting) -> None:
    s.require_equal_blocks()
    if s.v_5 < 1:
        raise ValueError(
            f"p + p1 = {s.D} and n1 = {s.n1}: the main text assumes p + p1 > n1 + 1; for other sizes use an exact_… function"
        )


def _require_wide(s: Setting, trained: int, name: str) -> None:
    _require_first_task(s)
    if trained <= s.n2 + 1:
        raise ValueError(
            f"{name} = {trained} and n2 = {s.n2}: the printed form needs {name} > n2 + 1; for other sizes use an exact_… function"
        )
