"""What a query asks of tasks, read for many of them at once and only as far as a list shows them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

from queue_core import states
from queue_core.execution import Execution, found_func, read_execution
from queue_core.fingerprint import UNREADABLE, fingerprint_of_failure
from queue_core.masking import Masking, masking_of
from queue_core.query_terms import PAYLOAD, RUN
from queue_core.store import Store
from queue_core.text import to_text

PAYLOAD_BYTES = 8 * 1024
EXECUTION_BYTES = 16 * 1024
AT_ONCE = 200
EVERYTHING = frozenset({PAYLOAD, RUN})

TOO_LARGE, UNREADABLE_PAYLOAD, MISSING = "too large", "unreadable", "missing"
_PROCESS_DIED = ("killed", "worker_lost", "quarantined")


@dataclass(frozen=True)
class TaskFacts:
    """A task as a query sees it.  None stands for what cannot be told, an empty text for what there is not.

    at: its score, Unix seconds.  exception_name, message, host, killed: of the newest failed run.  attempts: failed
    runs.  unread: why its arguments are unknown (too large, unreadable, missing), else ''.  hidden: the text that is
    put in the place of a value which is not shown, and so is unknown too."""

    queue: str
    state: str
    id: str
    at: float
    func: str | None = None
    args: list | None = None
    kwargs: dict | None = None
    exception_name: str | None = None
    message: str | None = None
    host: str | None = None
    killed: bool | None = None
    attempts: int | None = None
    unread: str = ""
    hidden: str | None = None
    run: Execution | None = field(default=None, repr=False)
    readable: bool = True

    @cached_property
    def group(self) -> str | None:
        """The id of its error group; '' outside of `error`.  Told by its newest failed run, whoever has indexed it."""
        if self.state != states.ERROR:
            return ""
        return fingerprint_of_failure(self.run, self.at).id if self.readable else UNREADABLE.id

    def masked(self, masking: Masking) -> "TaskFacts":
        """The same without what is hidden."""
        return replace(
            self,
            args=masking.value(self.args),
            kwargs=masking.value(self.kwargs),
            message=self.message and masking.text(self.message),
            hidden=masking.hidden,
        )


def read(store: Store, queue: str, state: str, rows, parts=EVERYTHING) -> list[TaskFacts]:
    """The facts of tasks of one queue in one state, in their order.  rows: (task id, score), at most 200.

    parts: what is needed of them, as `Query.reads` says; without payload and run nothing is read from Redis.
    A payload of more than 8 KiB stays unread."""
    return read_places(store, [(queue, state, task_id, score) for task_id, score in rows], parts)


def seen(facts, parts, masked_by) -> Iterable[TaskFacts]:
    """The facts without what the rules `masked_by` of `queue_core.masking` hide; empty ones hide nothing."""
    if not masked_by or not parts:
        return facts
    masking = masking_of(tuple(masked_by))
    return (one.masked(masking) for one in facts)


def read_places(store: Store, places, parts=EVERYTHING) -> list[TaskFacts]:
    """The same for tasks of any place: (queue, state, task id, score), at most 200."""
    places = list(places)
    if not parts or not places:
        return [TaskFacts(*place) for place in places]
    replies = store.send_all(
        store.call("glimpse", id=place[2], payload_bytes=PAYLOAD_BYTES, execution_bytes=EXECUTION_BYTES)
        for place in places
    )
    return [_facts(place, reply) for place, reply in zip(places, replies, strict=True)]


def _facts(place, glimpse) -> TaskFacts:
    if isinstance(glimpse, Exception):
        return TaskFacts(*place, unread=UNREADABLE_PAYLOAD, readable=False)
    raw, size, count, newest, tail = glimpse
    args, kwargs, unread = _arguments(raw, size)
    run = read_execution(0, to_text(newest), to_text(tail)) if newest else None
    died = _died(place, run)
    return TaskFacts(
        *place,
        func=found_func(raw),
        args=args,
        kwargs=kwargs,
        exception_name=run.exception_name if run else "",
        message=run.message if run else "",
        host=run.host if run else "",
        killed=died,
        attempts=_count(count),
        unread=unread,
        run=run,
    )


def _arguments(raw: bytes, size: int):
    """(args, kwargs, '') or (None, None, why they are unknown)."""
    if not size:
        return None, None, MISSING
    if size > len(raw):
        return None, None, TOO_LARGE
    try:
        fields = json.loads(raw)
        args, kwargs = fields.get("args") or [], fields.get("kwargs") or {}
    except (ValueError, AttributeError, RecursionError):
        return None, None, UNREADABLE_PAYLOAD
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        return None, None, UNREADABLE_PAYLOAD
    return args, kwargs, ""


def _died(place, run) -> bool:
    """Whether the process died with the task, as its record says or by leaving none."""
    _, state, _, score = place
    if run is None:
        return state == states.ERROR
    return run.reason in _PROCESS_DIED or (state == states.ERROR and run.predates(score))


def _count(reply) -> int | None:
    try:
        return int(reply or 0)
    except (TypeError, ValueError):
        return None
