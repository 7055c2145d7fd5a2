"""Whether runs that are compared saw the same images: one data set may be here in several copies, each with its digest."""

from collections.abc import Iterable, Mapping
from typing import Any


def explain_other_images(seen: Iterable[Mapping[str, Any]]) -> str:
    """Return in words that runs were made on different images of one data set; empty where they saw the same.

    `seen` is what each run stores of its images, its `data`; one that stores no digest says nothing.
    """
    copies: dict[str, dict[str, str]] = {}
    for data in seen:
        if data.get("digest"):
            name = data["name"]
            copies.setdefault(name, {})[data["digest"]] = f"{data.get('label', name)} ({data['digest'][:8]})"
    different = [" and ".join(several.values()) for several in copies.values() if len(several) > 1]
    return f"the runs are on different images, {'; '.join(different)}" if different else ""
