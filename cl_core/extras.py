"""Which extra of the package brings what is missing."""

from collections.abc import Mapping

EXTRA_OF: Mapping[str, str] = {
    "PIL": "streams",
    "filelock": "streams",
    "pooch": "streams",
    "requests": "streams",
    "sklearn": "streams",
    "tqdm": "streams",
    "grimp": "torch",
    "packaging": "torch",
    "pydantic": "torch",
    "rich": "torch",
    "threadpoolctl": "torch",
    "torch": "torch",
    "yaml": "torch",
    "typer": "runs",
    "distributed": "cluster",
    "IPython": "notebooks",
    "ipykernel": "notebooks",
    "matplotlib": "notebooks",
    "nbformat": "notebooks",
    "papermill": "notebooks",
    "scipy": "notebooks",
    "sympy": "notebooks",
    "docutils": "book",
    "sphinx": "book",
    "playwright": "test",
}
"""The smallest extra that brings each package, by the name under which it is imported. NumPy comes with `cl_core`."""


def missing_extra(error: ModuleNotFoundError) -> str | None:
    """Return the line that says what to install, or None where what is missing belongs to no extra."""
    package = (error.name or "").partition(".")[0]
    extra = EXTRA_OF.get(package)
    return None if extra is None else f'{package} is not installed; pip install "cl-core[{extra}]" brings it'
