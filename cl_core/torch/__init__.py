"""Any PyTorch model under a strategy; each name is imported when it is first used."""

from cl_core.late import import_late

_NAMES = {
    "EWC": "cl_core.torch.baselines",
    "ExperienceReplay": "cl_core.torch.baselines",
    "LwF": "cl_core.torch.baselines",
    "Movable": "cl_core.torch.movable",
}

__all__ = [*_NAMES]

__getattr__, __dir__ = import_late(__name__, _NAMES)
