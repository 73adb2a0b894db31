"""Writes docs/reference.md from the docstrings of what applications may use.

python -m docs.make_reference          writes the page
python -m docs.make_reference --check  says whether it is as the docstrings are
"""

import inspect
import sys
from pathlib import Path

import queue_core
from queue_core import errors
from queue_core.worker.runner import BaseRunner

PAGE = Path(__file__).with_name("reference.md")

_HEAD = """\
# Reference

Made from the docstrings by `python -m docs.make_reference`; a test fails when the two differ. Times are Unix seconds
and lengths of time are seconds unless said otherwise. What is kept through which failure is told in
[reliability.md](reliability.md), every setting in [configuration.md](configuration.md).

    from queue_core import Engine
"""
_DOOR = ("Engine", "Task", "Worker")
_ROOMS = (
    "control",
    "operations",
    "transfers",
    "task_files",
    "browse",
    "error_groups",
    "lookup",
    "snapshot",
    "workers",
    "periodic",
    "locks",
    "audit",
    "people",
)


def page() -> str:
    engine = queue_core.Engine()
    parts = [_HEAD, "## The front door\n"]
    parts += [_class(getattr(queue_core, name), f"queue_core.{name}") for name in _DOOR]
    parts += [_class(BaseRunner, "queue_core.worker.runner.BaseRunner"), _functions(), "## Rooms of an engine\n"]
    parts += [_class(type(getattr(engine, name)), f"engine.{name}") for name in _ROOMS]
    parts += ["## Errors\n", "```text\n" + _tree() + "\n```\n", *_error_lines()]
    engine.close()
    return "\n".join(parts).rstrip() + "\n"


def _class(cls, name) -> str:
    members = {name: inspect.getattr_static(cls, name) for name in sorted(_public(cls))}
    told = [_member(cls, name, member) for name, member in members.items() if inspect.getdoc(member)]
    untold = [f"`{name}`" for name, member in members.items() if not inspect.getdoc(member)]
    call = "" if name.startswith("engine.") else _call(name.rpartition(".")[2], cls)
    also = f"Also, as given: {', '.join(untold)}.\n" if untold else ""
    return "\n".join([f"### `{name}`\n", call + _text(cls), *told, also])


def _public(cls):
    """The names that the class and those of ours that it derives from have for others."""
    for owner in cls.__mro__:
        if owner.__module__.startswith("queue_core"):
            yield from (name for name, member in vars(owner).items() if not name.startswith("_") and _is_told(member))


def _is_told(member) -> bool:
    return inspect.isfunction(member) or isinstance(member, (property, classmethod, staticmethod))


def _member(cls, name, member) -> str:
    call = "" if isinstance(member, property) else _call(name, getattr(cls, name))
    return f"#### `{name}`\n\n{call}{_text(member)}"


def _call(name, called) -> str:
    return f"```text\n{name}{_signature(called)}\n```\n\n"


def _functions() -> str:
    named = {name: getattr(queue_core, name) for name in queue_core.__all__}
    functions = {name: one for name, one in named.items() if inspect.isfunction(one)}
    return "\n".join(f"### `queue_core.{name}`\n\n{_call(name, one)}{_text(one)}" for name, one in functions.items())


def _signature(called) -> str:
    signature = inspect.signature(called)
    own = [parameter for name, parameter in signature.parameters.items() if name != "self"]
    return str(signature.replace(parameters=map(_plain, own), return_annotation=inspect.Signature.empty))


def _plain(parameter):
    """Without its type, and with a default only where that is a plain value: `os.environ` is nobody's reading."""
    default = parameter.default
    if default is not inspect.Parameter.empty and not isinstance(default, (str, int, float, tuple, type(None))):
        default = _Ellipsis()
    return parameter.replace(annotation=inspect.Parameter.empty, default=default)


class _Ellipsis:
    def __repr__(self):
        return "…"


def _text(thing) -> str:
    thing = getattr(thing, "__func__", thing)
    return (inspect.getdoc(thing) or "") + "\n"


def _tree() -> str:
    return inspect.getdoc(errors).partition("\n\n")[2].partition("\n\n")[0]


def _error_lines():
    for name, cls in vars(errors).items():
        if inspect.isclass(cls) and issubclass(cls, BaseException) and cls.__module__ == errors.__name__:
            yield f"#### `{name}`\n\n{_text(cls)}"


def main():
    if "--check" in sys.argv[1:]:
        sys.exit(0 if PAGE.read_text(encoding="utf-8") == page() else f"{PAGE.name} is not as the docstrings are.")
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
