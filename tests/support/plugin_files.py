"""Modules of a user's own in a temporary working folder, and installed packages that name plugins."""

import sys

import pytest

from cl_core import plugins
from cl_core.experiments import registry

STRATEGY = '''"""A strategy of my own."""
from cl_core.strategies import Strategy, Update

class Halved(Strategy):
    """Half of the blocks."""

    def update(self, arrival):
        return Update(arrival.blocks if arrival.task == 0 else arrival.blocks // 2)
'''


class OwnFiles:
    """Writes a user's files; what was imported of them is forgotten by `start_anew`, as by a new process."""

    def __init__(self, folder):
        self.folder, self.known = folder, set(sys.modules)

    def write(self, name, text=STRATEGY):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        self.start_anew()
        return path

    def install(self, package, group, **names):
        """Write the record of an installed `package` whose entry points are `names`."""
        record = self.folder / f"{package}-1.0.dist-info"
        record.mkdir()
        (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8")
        lines = "".join(f"{name} = {reference}\n" for name, reference in names.items())
        (record / "entry_points.txt").write_text(f"[{group}]\n{lines}", encoding="utf-8")
        self.start_anew()

    def start_anew(self):
        for cached in (plugins._load, plugins.list_installed, registry.find_strategy, registry.find_experiment):
            cached.cache_clear()
        for name, module in list(sys.modules.items()):
            if name not in self.known and str(getattr(module, "__file__", "")).startswith(str(self.folder)):
                del sys.modules[name]


@pytest.fixture
def own_files(tmp_path, monkeypatch):
    """A working folder of a user's own, outside the repository, for modules that plugins are loaded from."""
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    files = OwnFiles(folder)
    yield files
    files.start_anew()
