"""Networks that learn a sequence of tasks: arrive, train within a limit, evaluate.

Each name is imported when it is first used; all but ``NetworkSpec`` and ``Recipe`` need torch.
"""

from cl_core.late import import_late

_NAMES = {
    "ArrivalReport": "cl_core.learners.arrival",
    "Network": "cl_core.learners.networks",
    "NetworkSpec": "cl_core.learners.recipe",
    "Recipe": "cl_core.learners.recipe",
    "TaskData": "cl_core.learners.tensors",
    "TaskReport": "cl_core.learners.training",
    "arrive": "cl_core.learners.arrival",
    "block_parameters": "cl_core.learners.networks",
    "build_network": "cl_core.learners.networks",
    "evaluate": "cl_core.learners.evaluation",
    "logits": "cl_core.learners.evaluation",
    "prepare": "cl_core.learners.tensors",
    "split_by_class": "cl_core.learners.tensors",
    "train_task": "cl_core.learners.training",
}

__all__ = [*_NAMES]

__getattr__, __dir__ = import_late(__name__, _NAMES)
