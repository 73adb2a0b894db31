"""Names of functions and classes on the wire: writing them, and resolving only those that may be resolved.

A wire name is `module:qualified.name`; very old payloads have a dot instead of the colon.  Names that TaskTiger fixed
are understood, and written, without TaskTiger being installed.
"""

import importlib
import inspect
import sys
import types
from collections.abc import Hashable

from queue_core import errors
from queue_core.errors import InvalidTask, NameNotAllowed, QueueFullException, RetryException, TaskImportError

ALIASES = {
    f"tasktiger.exceptions:{cls.__name__}": cls
    for cls in (
        errors.TaskImportError,
        errors.TaskNotFound,
        errors.StopRetry,
        errors.JobTimeoutException,
        errors.QueueFullException,
        errors.RetryException,
    )
}
ALIASES["tasktiger.timeouts:JobTimeoutException"] = errors.JobTimeoutException
"""Wire name -> our object.  The retry methods join in `queue_core.retry`, which owns them."""

_FAULTS_OF_OTHERS = (Exception, SystemExit, QueueFullException, RetryException)
"""What code of an application may raise while it is looked at."""

_CANONICAL = {cls: name for name, cls in reversed(ALIASES.items())}


def wire_name(thing) -> str:
    """The wire name of a function or class.  Raises InvalidTask for what no other process can import."""
    if isinstance(thing, Hashable) and thing in _CANONICAL:
        return _CANONICAL[thing]
    module, qualname = getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)
    if not module or not qualname:
        raise InvalidTask(f"{thing!r} has no name that another process could import.")
    if module == "__main__":
        raise InvalidTask(f"{qualname} lives in __main__, which a worker cannot import; move it into a module.")
    return f"{module}:{qualname}"


def register_alias(name: str, thing) -> None:
    ALIASES[name] = thing
    _CANONICAL[thing] = name


def lineage(cls: type) -> tuple[str, ...]:
    """The wire names of an exception class and all its bases."""
    return tuple(_CANONICAL.get(base) or f"{base.__module__}:{base.__qualname__}" for base in cls.__mro__)


def split(name: str) -> tuple[str, str]:
    """(module, qualified name).  Raises TaskImportError when `name` cannot be one."""
    module, colon, path = name.partition(":")
    if not colon:
        module, _, path = name.rpartition(".")
    if not module or not path:
        raise TaskImportError(f"{name!r} names no module and function.")
    return module, path


def canonical(name: str) -> str:
    """`name` with a colon, and by the name under which TaskTiger writes it."""
    try:
        colon_name = ":".join(split(name))
    except TaskImportError:
        return name
    return _CANONICAL.get(ALIASES.get(colon_name), colon_name)


class AllowList:
    """The names that this process may resolve.

    modules: everything defined in these modules and below them; register(): single functions; allow_any: every name."""

    def __init__(self, modules=(), allow_any: bool = False):
        self.modules = set(modules)
        self.allow_any = allow_any
        self._registered = {}

    def __bool__(self) -> bool:
        return bool(self.allow_any or self.modules or self._registered)

    def register(self, thing) -> None:
        name = getattr(thing, "__qualname__", "<locals>")  # some callables have none
        if "<locals>" not in name:
            self._registered[f"{thing.__module__}:{name}"] = thing

    def permits(self, name: str) -> bool:
        """Whether `name` may be resolved; nothing is imported to find out."""
        name = canonical(name)
        if self.allow_any or name in ALIASES or name in self._registered:
            return True
        try:
            return self.covers(split(name)[0])
        except TaskImportError:
            return False

    def resolve(self, name: str):
        """The function or class.  Raises NameNotAllowed, or TaskImportError when it is allowed but not to be had."""
        known = ALIASES.get(canonical(name))
        if known is not None:
            return known
        if canonical(name) in self._registered:
            return self._as_it_stands(canonical(name))
        if not self.permits(name):
            raise NameNotAllowed(f"{name} is not among the functions this worker may run.", name=name)
        module_name, path = split(name)
        thing = self._import(name, module_name)
        for part in path.split("."):
            thing = self._attribute(name, thing, part)
        self._refuse_borrowed(name, thing, module_name)
        return thing

    def covers(self, module_name: str) -> bool:
        """Whether the module is one of `modules` or below one, also when every name may be resolved."""
        # importing a __main__, or what pretends to lie below one, would run a program
        return "__main__" not in module_name.split(".") and any(
            module_name == allowed or module_name.startswith(allowed + ".") for allowed in self.modules
        )

    def _as_it_stands(self, name):
        """A registered function with all that its module has put around it; else as it was registered."""
        module_name, path = split(name)
        thing = sys.modules.get(module_name)
        try:
            for part in path.split("."):
                thing = getattr(thing, part)
            return thing if _innermost(thing) is _innermost(self._registered[name]) else self._registered[name]
        except _FAULTS_OF_OTHERS:
            return self._registered[name]

    def _import(self, name, module_name):
        try:
            return importlib.import_module(module_name)
        except _FAULTS_OF_OTHERS as error:  # a module may fail to import for any reason of its own
            raise TaskImportError(f"{name} cannot be imported: {type(error).__name__}: {error}") from error

    def _attribute(self, name, thing, part):
        try:
            return getattr(thing, part)
        except AttributeError as error:
            raise TaskImportError(f"{name} cannot be imported: there is no {part!r}.") from error
        except _FAULTS_OF_OTHERS as error:  # a property, or an object that answers in its own way
            fault = f"{type(error).__name__}: {error}"
            raise TaskImportError(f"{name} cannot be imported: {part!r} raised {fault}") from error

    def _refuse_borrowed(self, name, thing, module_name):
        # `app.tasks:os.system` walks out of an allowed module into another one
        home = _home(thing)
        if self.allow_any or (not isinstance(thing, types.ModuleType) and home and self.covers(home)):
            return
        raise NameNotAllowed(f"{name} is only borrowed by {module_name}; it is defined in {home}.", name=name)


def _innermost(thing):
    """The function within decorators that name it, and within methods of classes."""
    thing = inspect.unwrap(thing)
    return inspect.unwrap(getattr(thing, "__func__", thing))


def _home(thing) -> str | None:
    try:
        home = getattr(thing, "__module__", None)
    except _FAULTS_OF_OTHERS:
        return None
    return home if isinstance(home, str) else None
