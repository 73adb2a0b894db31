"""Lets one package answer to the name of another: `import theirs.part` gives the module `ours.part` itself."""

import importlib
import importlib.util
import sys
from importlib.abc import Loader, MetaPathFinder

from queue_core.errors import InvalidRequest


class StandIn(MetaPathFinder, Loader):
    """While it is installed, `name` and what is below it mean `package`, in this whole process."""

    def __init__(self, name: str, package: str):
        self.name = name
        self.package = package
        self._own_specs = {}

    def install(self, parts=()) -> None:
        """parts: modules below, to be there at once; others are found when they are asked for.  May be repeated.

        Raises InvalidRequest when the other package has been imported already."""
        loaded = sys.modules.get(self.name)
        if loaded not in (None, sys.modules.get(self.package)):
            raise InvalidRequest(
                f"{self.name} has been imported already, from {getattr(loaded, '__file__', None) or 'elsewhere'}.  "
                f"Install the stand-in before the first `import {self.name}`."
            )
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)
        for name in [self.name, *(f"{self.name}.{part}" for part in parts)]:
            importlib.import_module(name)

    def uninstall(self) -> None:
        """Makes the name free again.  What was imported under it stays what it is."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
            for name in [name for name in sys.modules if self._answers(name)]:
                del sys.modules[name]

    # -- for the import system --

    def find_spec(self, fullname, path=None, target=None):
        if self._answers(fullname) and importlib.util.find_spec(self._ours(fullname)):
            return importlib.util.spec_from_loader(fullname, self)
        return None

    def create_module(self, spec):
        module = importlib.import_module(self._ours(spec.name))
        self._own_specs[module] = module.__spec__
        return module

    def exec_module(self, module):
        # it has run under its own name; the import system has just given it a spec of the other one
        module.__spec__ = self._own_specs.pop(module)

    def _answers(self, name) -> bool:
        return name == self.name or name.startswith(self.name + ".")

    def _ours(self, name) -> str:
        return self.package + name.removeprefix(self.name)
