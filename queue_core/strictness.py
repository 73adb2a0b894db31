"""What an engine that is strict refuses before anything is written, though the wire could carry it."""

import inspect
import math
import types

from queue_core import retry
from queue_core.errors import InvalidTask
from queue_core.names import wire_name

_OF_ANOTHER_TASK = (":executions", ":executions_count")
_KEYS = ("unique_key", "lock_key")


def check(function, options: dict) -> None:
    """Raises InvalidTask for a task that no worker could run, or not as it is meant."""
    _check_reachable(function, "function")
    if _option(function, options, "runner_class") is None:  # which may call it in its own way
        _check_runs_when_called(function)
    for name in _KEYS:
        _check_key(name, _option(function, options, name))
    _check_classes(_option(function, options, "retry_on"))
    for name in ("hard_timeout", "max_queue_size", "max_stored_executions"):
        _check_number(name, _option(function, options, name))
    method = _option(function, options, "retry_method")
    _check_method(method)
    for thing, what in (
        (method[0] if isinstance(method, (tuple, list)) else method, "retry method"),
        (_option(function, options, "runner_class"), "runner class"),
    ):
        if thing is not None:
            _check_reachable(thing, what)


def _option(function, options, name):
    value = options.get(name)
    return getattr(function, f"_task_{name}", None) if value is None else value


def _check_reachable(thing, what):
    name = wire_name(thing)
    if "<lambda>" in name:
        raise InvalidTask(f"The {what} {name} is a lambda, which a worker cannot import; give it a name in a module.")
    if "<locals>" in name:
        raise InvalidTask(f"The {what} {name} is defined inside a function, where a worker cannot find it.")
    if isinstance(thing, types.MethodType) and not isinstance(thing.__self__, type):
        raise InvalidTask(f"The {what} {name} is a method of one object, which no other process has.")


def _check_runs_when_called(function):
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise InvalidTask(
            f"The function {wire_name(function)} is async, so a call of it runs nothing; "
            "let a plain function call asyncio.run()."
        )
    if inspect.isgeneratorfunction(function):
        raise InvalidTask(f"The function {wire_name(function)} is a generator, so a call of it runs nothing.")


def check_task_id(task_id) -> None:
    """Raises InvalidTask for an id that would not come back as it is, or whose keys would be another task's."""
    if not isinstance(task_id, str) or not task_id.isprintable() or task_id.endswith(_OF_ANOTHER_TASK):
        raise InvalidTask(f"A task id is a printable text that ends in no name of a key, not {task_id!r}.")


def _check_method(method):
    pair = isinstance(method, (tuple, list))
    if pair and len(method) != 2:
        raise InvalidTask(f"retry_method is a function, or a pair of a function and its arguments, not {method!r}.")
    function = method[0] if pair else method
    if function in (retry.fixed, retry.linear, retry.exponential):
        raise InvalidTask(f"retry_method is what {function.__name__} gives: call it, as in fixed(60, 3).")


def _check_key(name, value):
    if isinstance(value, str):
        raise InvalidTask(f"{name} is a list of names of keyword arguments; write [{value!r}].")
    if value and not all(isinstance(one, str) for one in value):
        raise InvalidTask(f"{name} is a list of names of keyword arguments, not {value!r}.")


def _check_classes(value):
    if value is not None and (isinstance(value, (str, type)) or not all(isinstance(one, type) for one in value)):
        raise InvalidTask(f"retry_on is a list of exception classes, not {value!r}.")


def _check_number(name, value):
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise InvalidTask(f"{name} is a number, not {value!r}.")
