"""Task JSON and execution JSON: reading, writing, ids and limits (wire §3-5).

A payload is never rewritten by a change of state, and what is not understood in it is kept.
"""

import hashlib
import json
import math
import os
import socket
from dataclasses import dataclass
from functools import cached_property

from queue_core.errors import InvalidPayload, InvalidQueueName, InvalidTask, JobTimeoutException, NotSerialisable
from queue_core.names import canonical, wire_name
from queue_core.outcome import Killed, TimedOut
from queue_core.text import to_bytes

MAX_QUEUE_NAME_LENGTH = 200


def plain_id() -> str:
    return os.urandom(32).hex()


def hashed_id(func: str, args, kwargs) -> str:
    """The id of a unique task and of a lock: the same recipe for both (wire §4)."""
    try:
        text = json.dumps({"func": func, "args": args, "kwargs": kwargs}, sort_keys=True)
    except (TypeError, ValueError, RecursionError) as error:
        raise NotSerialisable(f"The arguments of {func} cannot be written as JSON: {error}.") from error
    return hashlib.sha256(text.encode()).hexdigest()


def keyed_id(func: str, names, kwargs) -> str:
    """The same, made of the named keyword arguments only."""
    return hashed_id(func, None, {name: kwargs.get(name) for name in names})


def checked_queue(queue: str) -> str:
    """`queue`, if it can be created.  Raises InvalidQueueName."""
    if not isinstance(queue, str):
        raise InvalidQueueName(f"A queue name is a text, not {queue!r}.", queue=queue)
    if not queue or len(queue) > MAX_QUEUE_NAME_LENGTH or not queue.isprintable():
        raise InvalidQueueName(
            f"A queue name has 1 to {MAX_QUEUE_NAME_LENGTH} printable characters; {queue[:40]!r} does not.", queue=queue
        )
    return queue


@dataclass(frozen=True)
class Payload:
    """The JSON object of a task.  `fields` is the object as it stands, unknown fields included."""

    fields: dict

    @classmethod
    def decode(cls, raw: bytes, task_id: str) -> "Payload":
        """Raises InvalidPayload with the reason when a worker must not act on `raw`."""
        try:
            fields = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise InvalidPayload(f"The payload is not JSON: {error}.", task_id=task_id) from error
        if not isinstance(fields, dict) or not isinstance(fields.get("func"), str):
            raise InvalidPayload("The payload is not an object with a func.", task_id=task_id)
        if fields.get("id") != task_id:
            raise InvalidPayload(f"The payload says that its id is {fields.get('id')!r}.", task_id=task_id)
        return cls(fields)._checked(task_id)

    def encode(self, max_bytes: int | None = None) -> bytes:
        """Raises InvalidTask for arguments that JSON cannot carry, or that make it longer than `max_bytes`."""
        try:
            raw = json.dumps(self.fields, allow_nan=max_bytes is None).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise NotSerialisable(f"The arguments of {self.func} cannot be written as JSON: {error}.") from error
        if max_bytes is not None and len(raw) > max_bytes:
            raise InvalidTask(f"The arguments of {self.func} make {len(raw)} bytes; the limit is {max_bytes}.")
        return raw

    @property
    def id(self) -> str:
        return self.fields["id"]

    @property
    def func(self) -> str:
        return self.fields["func"]

    @property
    def args(self) -> list:
        return self.fields.get("args") or []

    @property
    def kwargs(self) -> dict:
        return self.fields.get("kwargs") or {}

    @property
    def unique(self) -> bool:
        return bool(self.fields.get("unique"))

    @property
    def retry_on(self) -> list[str]:
        return self.fields.get("retry_on") or []

    @property
    def retry_method(self) -> tuple[str, list] | None:
        method = self.fields.get("retry_method")
        return (method[0], method[1] or []) if method else None

    @property
    def hard_timeout_seconds(self) -> float | None:
        return self.fields.get("hard_timeout")

    @property
    def max_stored_executions(self) -> int | None:
        return self.fields.get("max_stored_executions")

    @cached_property
    def lock_id(self) -> str | None:
        """The id of the lock to hold while it runs, or None."""
        if not self.fields.get("lock"):
            return None
        names = self.fields.get("lock_key")
        return keyed_id(self.func, names, self.kwargs) if names else hashed_id(self.func, self.args, self.kwargs)

    @property
    def repeatable(self) -> bool:
        """Whether it may be started again after its worker was lost: its `retry_on` covers a timeout (wire T7)."""
        return any(canonical(name) in _COVERING_A_TIMEOUT for name in self.retry_on)

    def _checked(self, task_id):
        # a field of a wrong shape is found before the run, not by an exception in the middle of a settlement
        method = self.fields.get("retry_method")
        sound = (
            isinstance(self.args, list)
            and isinstance(self.kwargs, dict)
            and isinstance(self.retry_on, list)
            and all(isinstance(name, str) for name in self.retry_on)
            and (not method or (isinstance(method, list) and len(method) == 2 and isinstance(method[0], str)))
            and isinstance(self.hard_timeout_seconds or 0, (int, float))
            and 0 <= (self.hard_timeout_seconds or 0) < math.inf
            and isinstance(self.max_stored_executions or 0, int)
            and isinstance(self.fields.get("runner_class") or "", str)
            # a single name, given without a list, is taken letter by letter, as TaskTiger takes it
            and isinstance(self.fields.get("lock_key") or [], (list, str))
            and all(isinstance(name, str) for name in self.fields.get("lock_key") or [])
        )
        if not sound:
            raise InvalidPayload("A field of the payload has a shape that the protocol does not know.", task_id=task_id)
        return self


def edited(original: Payload, args: list, kwargs: dict, now: float) -> Payload:
    """A new task like `original`, with these arguments and runnable at once.  Raises InvalidTask."""
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        raise InvalidTask("args are a list and kwargs an object, as JSON has them.")
    extension = original.fields.get("x")
    kept = {name: value for name, value in extension.items() if _is_scalar(value)} if type(extension) is dict else {}
    fields = original.fields | {
        "id": _id_of_copy(original, args, kwargs),
        "args": args,
        "kwargs": kwargs,
        "time_last_queued": now,
        "scheduled_at": now,
        "x": kept | {"edited_from": original.id},
    }
    # the wire leaves empty ones out
    return Payload({name: value for name, value in fields.items() if value or name not in ("args", "kwargs")})


def _id_of_copy(original, args, kwargs) -> str:
    if names := original.fields.get("unique_key"):
        return keyed_id(original.func, names, kwargs)
    return hashed_id(original.func, args, kwargs) if original.unique else plain_id()


def _is_scalar(value) -> bool:
    return isinstance(value, str | int | float | bool)


def with_scheduled_at(raw: bytes, due_at: float) -> bytes:
    """The payload with another `scheduled_at` and every other byte as it was; what cannot be read, unchanged."""
    try:
        text = raw.decode()
        json.loads(text)
        begin, end, missing = _value_span(text, "scheduled_at")
    except (ValueError, IndexError, RecursionError):
        return raw
    return (text[:begin] + missing + repr(due_at) + text[end:]).encode()


def _value_span(text: str, wanted: str) -> tuple[int, int, str]:
    """Where the value of a field of a JSON object stands; else where it can be put, and what comes before it."""
    decode, span, value_end = json.JSONDecoder().raw_decode, None, None
    at = _past(text, 0, "{")
    while text[at] != "}":
        name, at = decode(text, at)
        begin = _past(text, at, ":")
        value_end = decode(text, begin)[1]
        if name == wanted:  # of two equal names the last one counts
            span = (begin, value_end, "")
        at = _skip_space(text, value_end)
        if text[at] != "}":
            at = _past(text, at, ",")
    place = _skip_space(text, 0) + 1 if value_end is None else value_end
    return span or (place, place, f'{"" if value_end is None else ", "}"{wanted}": ')


def _past(text, at, sign) -> int:
    at = _skip_space(text, at)
    if text[at] != sign:
        raise ValueError(f"{sign} expected at {at}")
    return _skip_space(text, at + 1)


def _skip_space(text, at) -> int:
    while text[at] in " \t\r\n":
        at += 1
    return at


_COVERING_A_TIMEOUT = {wire_name(base) for base in JobTimeoutException.__mro__}


def execution(outcome, *, with_traceback: bool = True) -> dict:
    """The record of a failed run as the wire wants it: every mandatory field, ours under `x` (wire §5, §21)."""
    record = {
        "time_started": outcome.started_at,
        "time_failed": outcome.ended_at,
        "exception_name": outcome.exception_name,
        "success": False,
        "host": socket.gethostname(),
    }
    if outcome.traceback and with_traceback:
        record["traceback"] = outcome.traceback
    if outcome.retry_wanted:
        record["retry"] = True
        record["log_error"] = outcome.log_error
        if outcome.retry_method:
            record["retry_method"] = [outcome.retry_method[0], list(outcome.retry_method[1])]
    if isinstance(outcome, TimedOut) and outcome.by is not None:
        record["x"] = {"reason": "ended_by_a_person", "by": outcome.by}
    elif isinstance(outcome, TimedOut) and not outcome.traceback:
        record["x"] = {"reason": "hard_timeout", "seconds": outcome.hard_timeout_seconds}
    if isinstance(outcome, Killed):
        record["x"] = {"reason": "killed", "signal": outcome.signal, "exit_status": outcome.exit_status}
    return record


def explained(reason: str, text: str, now: float, exception_name: str = "tasktiger.exceptions:JobTimeoutException"):
    """The record of a failure without a run of its own: a lost worker, a quarantined payload."""
    return {
        "time_started": now,
        "time_failed": now,
        "exception_name": exception_name,
        "success": False,
        "host": socket.gethostname(),
        "traceback": text,
        "x": {"reason": reason},
    }


MISSING = (
    "Put aside: there is no payload under the id of this task, so nobody knows what to run.\n"
    "A unique task in two queues shares one payload, and TaskTiger deletes it when the first of them has run."
)


def encode_execution(record: dict) -> bytes:
    return to_bytes(json.dumps(record))
