"""The linear model of continual learning: what each update learns and what it forgets, exactly and by simulation.

Needs NumPy alone. Start with :func:`expected_losses`; everything else reads its matrix or draws a sample of it.
"""

from cl_core.linear.exact import expected_losses
from cl_core.linear.measures import forgetting, generalization
from cl_core.linear.optimum import optimal_magnitude
from cl_core.linear.simulate import simulate_losses

__all__ = ["expected_losses", "forgetting", "generalization", "optimal_magnitude", "simulate_losses"]
