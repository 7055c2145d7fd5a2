"""The paper's two-block model as a view on the linear stream: w = (u, q), u shared by the tasks, q the task's own.

A strategy answers in blocks, the linear theory counts coordinates; here the one becomes the other. Frozen training is
`Frozen(1)` (the q-block moves, overwritten by each task), initialized training is `Initialized()` (everything moves).
Source: paper, the model of Section III; book, chapter "The setting".
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cl_core.block_sizes import trailing_sizes
from cl_core.strategies import Arrival, Frozen, Initialized, Strategy


@dataclass(frozen=True)
class TwoBlocks:
    """The sizes of the shared block u (`shared` = p) and of the task-specific block q (`specific` = p_t), each ≥ 1."""

    shared: int
    specific: int

    def __post_init__(self) -> None:
        for name, size in (("shared", self.shared), ("specific", self.specific)):
            if size < 1:
                raise ValueError(f"{name} = {size}; give a block of 1 coordinate or more")

    @property
    def sizes(self) -> tuple[int, int]:
        """The blocks in order, as a strategy counts them."""
        return self.shared, self.specific

    @property
    def parameters(self) -> int:
        """Number of parameters, P = p + p_t."""
        return self.shared + self.specific

    def frozen(self, tasks: int) -> tuple[int, ...]:
        """Return the sizes m_t of frozen training: everything at the first task, then the q-block."""
        return sizes_of(Frozen(trained=1), self.sizes, tasks=tasks)

    def initialized(self, tasks: int) -> tuple[int, ...]:
        """Return the sizes m_t of initialized training: everything at every task."""
        return sizes_of(Initialized(), self.sizes, tasks=tasks)


def sizes_of(strategy: Strategy, blocks: Sequence[int], *, tasks: int) -> tuple[int, ...]:
    """Return the sizes m_1 … m_T that a strategy which does not read the data gives trailing blocks of these sizes.

    The result is a `trainable` argument of :func:`cl_core.linear.expected_losses`.
    """
    magnitudes = [strategy.magnitude(Arrival(task=task, blocks=len(blocks))) for task in range(tasks)]
    return trailing_sizes(magnitudes, blocks)
