"""Counting right answers where nobody says which task an image is of: the heads of all tasks seen answer together."""

from collections.abc import Sequence

import torch
from torch import Tensor


def count_correct_over_heads(
    outputs: Sequence[Tensor], classes: Sequence[Sequence[int]], own: Sequence[int], y: Tensor
) -> int:
    """Return how often the largest output over several heads is of the right class: the class-incremental count.

    `outputs` holds each head's (n, C), `classes` the C classes that each head tells apart, `own` those that the labels
    `y` (n,) count through. A class that several heads know counts, whichever of them names it.
    """
    names = torch.tensor([label for head in classes for label in head], device=y.device)
    answers = names[torch.cat(list(outputs), dim=1).argmax(dim=1)]
    return int((answers == torch.tensor(own, device=y.device)[y]).sum())
