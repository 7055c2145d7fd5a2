"""The paper's two tasks in its own letters: sizes, truths, noise, and the abbreviations that its formulas use.

Task k shows n_k samples of y_k = X_kᵀu_k + Z_kᵀq_k + ε_k: u_k lives on the p shared features, q_k on the p_k features of
the task. Source: paper, Section III and the abbreviations of Section IV; book, the pages on the paper's items.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from cl_core.linear.problem import Floats


@dataclass(frozen=True, eq=False)
class Setting:
    """Two tasks as the paper writes them; every abbreviation is a property.

    p shared coordinates, p1 and p2 of the tasks' own, each ≥ 1 · n1, n2 samples, each ≥ 1 · u1, u2 (p,), q1 (p1,), q2 (p2,)
    true parameters, finite · sigma1, sigma2 standard deviations of the noise, ≥ 0. Raises ValueError on what does not
    fit; whatever reads Δq = q_2 − q_1 raises it where p1 ≠ p2, as the difference has no meaning there.
    """

    p: int
    p1: int
    p2: int
    n1: int
    n2: int
    u1: ArrayLike
    q1: ArrayLike
    u2: ArrayLike
    q2: ArrayLike
    sigma1: float
    sigma2: float

    def __post_init__(self) -> None:
        for name in ("p", "p1", "p2", "n1", "n2"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
                raise ValueError(f"{name} = {value!r}; give an integer, 1 or more")
            object.__setattr__(self, name, int(value))
        for name, size in (("u1", self.p), ("q1", self.p1), ("u2", self.p), ("q2", self.p2)):
            object.__setattr__(self, name, _vector(name, getattr(self, name), size))
        for name in ("sigma1", "sigma2"):
            value = float(getattr(self, name))
            if not (np.isfinite(value) and value >= 0):
                raise ValueError(f"{name} = {value}; give a standard deviation, finite and 0 or more")
            object.__setattr__(self, name, value)

    @property
    def D(self) -> int:
        """Number of parameters at the first task, p + p_1."""
        return self.p + self.p1

    @property
    def K(self) -> int:
        """The capacity, p + p_2: number of parameters at the second task."""
        return self.p + self.p2

    @cached_property
    def u1_squared(self) -> float:
        """‖u_1‖²."""
        return _square(self.u1)

    @cached_property
    def q1_squared(self) -> float:
        """‖q_1‖²."""
        return _square(self.q1)

    @cached_property
    def u2_squared(self) -> float:
        """‖u_2‖²."""
        return _square(self.u2)

    @cached_property
    def q2_squared(self) -> float:
        """‖q_2‖²."""
        return _square(self.q2)

    @cached_property
    def delta_squared(self) -> float:
        """δ² = ‖u_2 − u_1‖²."""
        return _square(np.subtract(self.u2, self.u1))

    @property
    def delta(self) -> float:
        """δ = ‖u_2 − u_1‖, the distance of the shared parts."""
        return float(np.sqrt(self.delta_squared))

    @cached_property
    def delta_q_squared(self) -> float:
        """Δq² = ‖q_2 − q_1‖²; raises ValueError where p_1 ≠ p_2."""
        self.require_equal_blocks()
        return _square(np.subtract(self.q2, self.q1))

    @property
    def r(self) -> float:
        """r = 1 − n_1/(p + p_1)."""
        return 1 - self.n1 / self.D

    @property
    def r_A(self) -> float:
        """r_A = 1 − n_2/p_2."""
        return 1 - self.n2 / self.p2

    @property
    def r_B(self) -> float:
        """r_B = 1 − n_2/(p + p_2)."""
        return 1 - self.n2 / self.K

    @property
    def v_1(self) -> float:
        """v_1 = 1 + p n_2/((p+p_1)v_4) − p_1 n_2/((p+p_1)p_2)."""
        return 1 + self.p * self.n2 / (self.D * self.v_4) - self.p1 * self.n2 / (self.D * self.p2)

    @property
    def v_2(self) -> float:
        """v_2 = p/(p+p_1) · n_1/v_5."""
        return self.p / self.D * self.n1 / self.v_5

    @property
    def v_3(self) -> float:
        """v_3 = 1 + 2n_2/v_4, which is v_6/v_4."""
        return 1 + 2 * self.n2 / self.v_4

    @property
    def v_4(self) -> int:
        """v_4 = p_2 − n_2 − 1."""
        return self.p2 - self.n2 - 1

    @property
    def v_5(self) -> int:
        """v_5 = p + p_1 − n_1 − 1."""
        return self.D - self.n1 - 1

    @property
    def v_6(self) -> int:
        """v_6 = p_2 + n_2 − 1."""
        return self.p2 + self.n2 - 1

    @property
    def N(self) -> float:
        """N = n_1 σ_1²/v_5, the variance that the first task's noise leaves."""
        return self.n1 * self.sigma1**2 / self.v_5

    @property
    def b(self) -> float:
        """b = n_1(D − n_1)/(D(D−1)(D+2)), how much a random projection of rank n_1 mixes two coordinates; 0 for n_1 ≥ D."""
        return max(0.0, self.n1 * (self.D - self.n1) / (self.D * (self.D - 1) * (self.D + 2)))

    @property
    def epsilon(self) -> float:
        """ε = b(p‖q_1‖² − p_1‖u_1‖²), the error that the first task moves from the q-block to the u-block.

        Zero when the energy is spread evenly, ‖u_1‖²/p = ‖q_1‖²/p_1. The printed Lemmas IV.2, IV.3 and Proposition IV.7
        have no such term.
        """
        return self.b * (self.p * self.q1_squared - self.p1 * self.u1_squared)

    @property
    def targets(self) -> Floats:
        """The two truths (2, P) as :func:`cl_core.linear.expected_losses` takes them, P = p + p_2, the q-block last.

        Raises ValueError where p_1 ≠ p_2.
        """
        self.require_equal_blocks()
        return np.array([np.concatenate([self.u1, self.q1]), np.concatenate([self.u2, self.q2])])

    @property
    def samples(self) -> tuple[int, int]:
        """(n_1, n_2)."""
        return self.n1, self.n2

    @property
    def noise(self) -> tuple[float, float]:
        """(σ_1, σ_2), standard deviations."""
        return self.sigma1, self.sigma2

    @property
    def frozen(self) -> tuple[int, int]:
        """Rule A as numbers of trained trailing coordinates: everything, then the q-block."""
        return self.K, self.p2

    @property
    def initialized(self) -> tuple[int, int]:
        """Rule B as numbers of trained trailing coordinates: everything, twice."""
        return self.K, self.K

    def require_equal_blocks(self) -> None:
        """Raise ValueError unless p_1 = p_2."""
        if self.p1 != self.p2:
            raise ValueError(
                f"p1 = {self.p1} and p2 = {self.p2}: q_2 − q_1 has no meaning between blocks of two sizes; give p1 = p2"
            )


def resize(setting: Setting, p2: int, *, hold: str = "length") -> Setting:
    """Return the setting with p_1 = p_2 = `p2` and the capacity K = p + p_2 as it was: Theorem IV.4 varies p_2 so.

    The paper does not say what becomes of ‖u‖ and ‖q‖. `hold` names the reading: "length" keeps every squared length
    and distance, "density" keeps them a coordinate, so that u loses what q gains. The vectors are turned within their
    blocks, which changes no expected loss. Raises ValueError unless 2 ≤ p2 ≤ K − 2 (two vectors need two coordinates),
    where p_1 ≠ p_2, and on another `hold`.
    """
    setting.require_equal_blocks()
    if hold not in {"length", "density"}:
        raise ValueError(f'hold = {hold!r}; give "length" or "density"')
    p = setting.K - p2
    if min(p, p2) < 2:
        raise ValueError(f"p2 = {p2} of K = {setting.K} leaves p = {p}; give each block 2 coordinates or more")
    scale_u, scale_q = (1.0, 1.0) if hold == "length" else (p / setting.p, p2 / setting.p2)
    u1, u2 = _turn(setting.u1, setting.u2, p, scale_u)
    q1, q2 = _turn(setting.q1, setting.q2, p2, scale_q)
    return Setting(p, p2, p2, setting.n1, setting.n2, u1, q1, u2, q2, setting.sigma1, setting.sigma2)


def _turn(first: ArrayLike, second: ArrayLike, size: int, scale: float) -> tuple[Floats, Floats]:
    # Two vectors of `size` coordinates with the same lengths and angle, in the plane of the first two axes.
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    length = float(np.linalg.norm(a))
    along = float(a @ b) / length if length > 0 else float(np.linalg.norm(b))
    rest = b - along * a / length if length > 0 else np.zeros_like(b)
    turned = np.zeros((2, size))
    turned[0, 0] = length
    turned[1, 0] = along
    turned[1, 1] = np.linalg.norm(rest)
    turned *= np.sqrt(scale)
    return turned[0], turned[1]


def _vector(name: str, value: ArrayLike, size: int) -> Floats:
    vector = np.array(value, dtype=np.float64)
    if vector.shape != (size,):
        raise ValueError(f"{name} has shape {vector.shape}; give ({size},)")
    if not np.isfinite(vector).all():
        raise ValueError(f"{name} holds a value that is not finite; give finite numbers only")
    vector.flags.writeable = False
    return vector


def _square(vector: ArrayLike) -> float:
    values = np.asarray(vector, dtype=np.float64)
    return float(values @ values)
