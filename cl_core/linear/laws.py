"""Laws of the features: the Gaussian of the theory, and two that break its assumptions."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cl_core.linear.problem import Floats

Draw = Callable[[np.random.Generator, tuple[int, ...]], Floats]


@dataclass(frozen=True)
class Law:
    """How features are drawn: `draw(generator, (draws, n, P))`, and their covariance (P, P), None for the identity.

    The excess risk of an error e under a law with covariance Σ is eᵀΣe.
    """

    draw: Draw
    covariance: Floats | None = None

    def risk(self, error: Floats) -> Floats:
        """Return the excess risk eᵀΣe of errors (..., P)."""
        weighted = error if self.covariance is None else error @ self.covariance
        return np.asarray(np.einsum("...c,...c->...", weighted, error))


GAUSSIAN = Law(lambda generator, shape: generator.standard_normal(shape))
"""Independent standard Gaussian features: the theory's assumption."""


def correlated(covariance: ArrayLike) -> Law:
    """Gaussian features with the given covariance (P, P); raises ValueError unless it is symmetric positive definite."""
    sigma = np.asarray(covariance, dtype=np.float64)
    if sigma.ndim != 2 or sigma.shape[0] != sigma.shape[1] or not np.allclose(sigma, sigma.T):
        raise ValueError(f"covariance of shape {sigma.shape} is not square and symmetric; give (P, P)")
    try:
        factor = np.linalg.cholesky(sigma)
    except np.linalg.LinAlgError as error:
        raise ValueError("covariance is not positive definite; every eigenvalue must be above 0") from error
    return Law(lambda generator, shape: generator.standard_normal(shape) @ factor.T, sigma)


def neighbours_correlated(parameters: int, correlation: float) -> Floats:
    """Return the (P, P) covariance ρ^|i−j| of features whose neighbours correlate by `correlation`, −1 < ρ < 1."""
    if not -1 < correlation < 1:
        raise ValueError(f"correlation = {correlation}; give a value strictly between -1 and 1")
    place = np.arange(parameters)
    return np.asarray(correlation ** np.abs(place[:, None] - place[None, :]), dtype=np.float64)


def student(freedom: float) -> Law:
    """Independent Student-t features scaled to variance 1; raises ValueError unless `freedom` > 2, where the variance ends."""
    if not freedom > 2:
        raise ValueError(f"freedom = {freedom}; give more than 2 degrees of freedom, below that there is no variance")
    scale = math.sqrt((freedom - 2) / freedom)
    return Law(lambda generator, shape: scale * generator.standard_t(freedom, shape))
