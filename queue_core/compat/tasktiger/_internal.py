"""Small functions that applications and their tests borrow from TaskTiger's inside."""

import time

from queue_core import moments
from queue_core.names import AllowList, wire_name
from queue_core.payload import hashed_id, plain_id
from queue_core.queue_filter import QueueFilter, ancestry
from queue_core.retry import to_wire
from queue_core.states import ACTIVE, ERROR, QUEUED, SCHEDULED

__all__ = [
    "ACTIVE",
    "ERROR",
    "QUEUED",
    "SCHEDULED",
    "dotted_parts",
    "gen_id",
    "gen_unique_id",
    "get_timestamp",
    "import_attribute",
    "queue_matches",
    "reversed_dotted_parts",
    "serialize_func_name",
    "serialize_retry_method",
]


def gen_id() -> str:
    """The id of a task that is not unique."""
    return plain_id()


def gen_unique_id(serialized_name, args, kwargs) -> str:
    """The id of a unique task, and of a lock."""
    return hashed_id(serialized_name, args, kwargs)


def serialize_func_name(func) -> str:
    """The name of a function or class on the wire.  Raises ValueError for one of `__main__`."""
    return wire_name(func)


def serialize_retry_method(retry_method):
    """(name, arguments) of a retry method."""
    name, arguments = to_wire(retry_method)
    return name, tuple(arguments)


def import_attribute(name: str):
    """What a name of the wire stands for.  Raises TaskImportError."""
    return AllowList(allow_any=True).resolve(name)


def get_timestamp(when):
    """Unix seconds of a timedelta from now or of a datetime; None for None."""
    return moments.due_at(when, time.time())


def queue_matches(queue, only_queues=None, exclude_queues=None) -> bool:
    """Whether a process with these filters serves the queue."""
    return QueueFilter.of(only_queues, exclude_queues).accepts(queue)


def reversed_dotted_parts(s: str):
    """`a.b.c`, `a.b`, `a`."""
    yield from ancestry(s)


def dotted_parts(s: str):
    """`a`, `a.b`, `a.b.c`."""
    yield from reversed(list(ancestry(s)))
