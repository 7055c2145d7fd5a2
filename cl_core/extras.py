"""What is imported only when it is asked for, and which extra of the package brings what is then missing."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

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


def import_late(package: str, names: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the ``__getattr__`` and ``__dir__`` of `package`, which import each of `names` when it is first asked for.

    `names` gives the module that defines each name; a module's own name stands for the module itself.
    An attribute that is none of them raises AttributeError; a package that is missing, ModuleNotFoundError with the
    extra that brings it.
    """

    def get(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}; it has {', '.join(sorted(names))}")
        try:
            module = import_module(names[name])
        except ModuleNotFoundError as error:
            line = missing_extra(error)
            if line is None:
                raise
            raise ModuleNotFoundError(f"{package}.{name}: {line}", name=error.name) from None
        return module if names[name] == f"{package}.{name}" else getattr(module, name)

    def names_of_package() -> list[str]:
        return sorted(names)

    return get, names_of_package
