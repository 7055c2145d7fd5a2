"""torchvision where it is built for CUDA and torch for CPUs."""

import torch


def import_torchvision() -> torch.library.Library | None:
    """Let torchvision be imported although it lacks its compiled operators; keep what is returned as long as it is used.

    Its Python part, which is all that the libraries of the integrations use, wants two of them declared.
    """
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        return library
    return None
