"""Names of a package that are imported only when they are asked for."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


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
            from cl_core.extras import missing_extra

            line = missing_extra(error)
            if line is None:
                raise
            raise ModuleNotFoundError(f"{package}.{name}: {line}", name=error.name) from None
        return module if names[name] == f"{package}.{name}" else getattr(module, name)

    def names_of_package() -> list[str]:
        return sorted(names)

    return get, names_of_package
