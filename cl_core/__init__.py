"""How much may a network move, and what does it forget? The core of a companion to arXiv 2602.20796.

Each name is imported when it is first used. The linear theory, the strategies and the measures need NumPy alone;
networks need the extra ``cl-core[torch]``.
"""

from cl_core.late import import_late

__version__ = "0.1.0"

_NAMES = {
    "NetworkSpec": "cl_core.learners.recipe",
    "Recipe": "cl_core.learners.recipe",
    "arrive": "cl_core.learners.arrival",
    "build_network": "cl_core.learners.networks",
    "evaluate": "cl_core.learners.evaluation",
    "experiments": "cl_core.experiments",
    "learners": "cl_core.learners",
    "linear": "cl_core.linear",
    "metrics": "cl_core.metrics",
    "prepare": "cl_core.learners.tensors",
    "run": "cl_core.experiments",
    "split_by_class": "cl_core.learners.tensors",
    "strategies": "cl_core.strategies",
    "stream": "cl_core.streams",
    "streams": "cl_core.streams",
    "train_task": "cl_core.learners.training",
}

__all__ = ["__version__", *_NAMES]

__getattr__, __dir__ = import_late(__name__, _NAMES)
