"""A task before it is enqueued: what a call, the decorator and the defaults say about it, as a payload."""

from dataclasses import dataclass

from queue_core import retry as retry_methods
from queue_core import strictness
from queue_core.errors import InvalidTask
from queue_core.names import wire_name
from queue_core.payload import Payload, hashed_id, keyed_id, plain_id

OPTIONS = (
    "queue", "hard_timeout", "unique", "unique_key", "lock", "lock_key", "retry", "retry_on", "retry_method",
    "schedule", "max_queue_size", "max_stored_executions", "runner_class",
)  # fmt: skip
"""What the decorator takes; it stays on the function as `_task_<name>`, where TaskTiger looks too (wire §22.4)."""


@dataclass(frozen=True)
class Draft:
    payload: Payload
    queue: str
    max_queue_size: int


def decorate(function, options: dict, batch: bool = False) -> None:
    """Keeps the decorator's options on the function.  Raises InvalidTask for what has no name."""
    if not getattr(function, "__module__", None) or not getattr(function, "__qualname__", None):
        raise InvalidTask(f"{function!r} has no name that another process could import.")
    for name, value in options.items():
        if value is not None:
            setattr(function, f"_task_{name}", value)
    function._task_batch = bool(batch)


def draft(
    function,
    args,
    kwargs,
    options: dict,
    *,
    default_queue: str,
    default_retry_method: list,
    task_id=None,
    strict: bool = True,
    max_queue_size=None,
) -> Draft:
    """The task that a call makes.  options: those of the call; None means as the decorator says.

    max_queue_size: a limit that goes into the payload, as a decorator's does; one in `options` is for this call alone.
    strict: refuse what no worker could run.
    Raises InvalidTask for a function that no worker could import, or arguments that make no id."""
    if strict:
        strictness.check(function, options)
        if task_id:
            strictness.check_task_id(task_id)
    chosen = {name: _first(options.get(name), getattr(function, f"_task_{name}", None)) for name in OPTIONS}
    name, args, kwargs = wire_name(function), _listed(args), dict(kwargs or {})
    unique = bool(chosen["unique"] or chosen["unique_key"] or chosen["schedule"])
    fields = {
        "id": task_id or _task_id(name, args, kwargs, unique, chosen["unique_key"]),
        "func": name,
        "unique": unique,
        "unique_key": list(chosen["unique_key"] or ()),
        "lock": bool(chosen["lock"] or chosen["lock_key"]),
        "lock_key": list(chosen["lock_key"] or ()),
        "args": args,
        "kwargs": kwargs,
        "hard_timeout": options.get("hard_timeout"),  # a decorator's value stays with the function
        "retry_method": _retry_method(chosen, default_retry_method),
        "retry_on": [wire_name(cls) for cls in chosen["retry_on"] or ()],
        "max_queue_size": _first(max_queue_size, getattr(function, "_task_max_queue_size", None)),
    }
    fields = {field: value for field, value in fields.items() if value}
    if chosen["max_stored_executions"] is not None:
        fields["max_stored_executions"] = chosen["max_stored_executions"]
    if chosen["runner_class"] is not None:
        fields["runner_class"] = wire_name(chosen["runner_class"])
    return Draft(Payload(fields), chosen["queue"] or default_queue, chosen["max_queue_size"] or 0)


def _first(*values):
    return next((value for value in values if value is not None), None)


def _listed(args):
    return args if isinstance(args, tuple) else list(args or ())


def _task_id(name, args, kwargs, unique, unique_key) -> str:
    if unique_key:
        return keyed_id(name, unique_key, kwargs)
    return hashed_id(name, args, kwargs) if unique else plain_id()


def _retry_method(chosen, default):
    if chosen["retry_method"] is not None:
        return retry_methods.to_wire(chosen["retry_method"])
    return default if chosen["retry"] or chosen["retry_on"] else None
