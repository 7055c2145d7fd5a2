"""The path of h: how many blocks a run of Algorithm 1, or of one of its controls, held fixed from task to task."""

from cl_core.experiments.store import Result


def path_of_h(result: Result) -> tuple[int, ...]:
    """Return h after each task, read off what each task moved: K less that, for *literal* that itself.

    The first task trains everything, and h is then the run's `start`. Raises ValueError for a run that has no h.
    """
    if "start" not in result.config:
        raise ValueError(f"{result.strategy} has no h; give a run of adaptive or of one of its controls")
    blocks = len(result.block_parameters)
    moved = [magnitude for magnitude in result.magnitudes[1:] if magnitude is not None]
    return (int(result.config["start"]), *(m if result.strategy == "literal" else blocks - m for m in moved))
