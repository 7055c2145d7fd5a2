"""Hatchling's hook that puts the verdicts of the notebooks, without the notebooks, into the wheel."""

import json
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VERDICT_MIME = "application/vnd.cl-core.verdict+json"
SHIPPED = "cl_core/_shipped/book/verdicts.json"


def collect_verdicts(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the verdicts that each notebook of `folder` printed, in their order, by the page as a claim names it."""
    pages = {}
    for path in sorted(folder.glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        outputs = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
        pages[f"{folder.name}/{path.stem}"] = [data[VERDICT_MIME] for data in outputs if VERDICT_MIME in data]
    return pages


class ShipVerdicts(BuildHookInterface):  # type: ignore[type-arg]
    """Adds one file to the wheel; an installation of the checkout itself reads the notebooks."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the file and name it for inclusion."""
        if version != "editable":
            self.folder = tempfile.TemporaryDirectory()
            path = Path(self.folder.name, "verdicts.json")
            pages = collect_verdicts(Path(self.root, "notebooks"))
            path.write_text(json.dumps(pages, ensure_ascii=False, indent=1), encoding="utf-8")
            build_data["force_include"][str(path)] = SHIPPED

    def finalize(self, version: str, *_: Any) -> None:
        """Delete what was written."""
        if version != "editable":
            self.folder.cleanup()
