"""Numbers of blocks in numbers of parameters, and the other way round."""

from collections.abc import Sequence


def trailing_sizes(magnitudes: Sequence[int], blocks: Sequence[int]) -> tuple[int, ...]:
    """Return, for each magnitude, the number of parameters in that many trailing blocks of the given sizes."""
    for magnitude in magnitudes:
        if not 0 <= magnitude <= len(blocks):
            raise ValueError(f"magnitude {magnitude} does not fit {len(blocks)} blocks; give 0 to {len(blocks)}")
    return tuple(sum(blocks[len(blocks) - magnitude :]) for magnitude in magnitudes)


def movable(sizes: Sequence[int], share: float) -> int:
    """Return how many parameters of blocks of these `sizes` a mask lets move: the nearest integer to its `share` of them."""
    return round(share * sum(sizes))


def masked_blocks(sizes: Sequence[int], share: float, place: str) -> int:
    """Return how many blocks hold a parameter that a mask lets move."""
    if place == "random" and movable(sizes, share) > 0:
        return len(sizes)
    order = sizes if place == "leading" else list(reversed(sizes))
    left, blocks = movable(sizes, share), 0
    while left > 0:
        left -= order[blocks]
        blocks += 1
    return blocks
