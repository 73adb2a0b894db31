"""What happened lately where a list is empty: the newest acts of people there, and the failure that was seen last.

Templates ask for it, and only where there is nothing else to show.  Each is one small read; what is not known is not
told."""

from dataclasses import dataclass

from console import reading
from console.current import engine, now
from queue_core.errors import OperationNotFound, StoreCorrupt, StoreError

MOST = 3
LOOKED_AT = 200
RECENT_SECONDS = 3600
LOOKING = frozenset({"reveal", "export"})
"""Verbs of acts that change no list."""


@dataclass(frozen=True)
class Act:
    """An entry of the audit trail.  operation: its record while it is kept, else None."""

    entry: object
    operation: object = None

    @property
    def count(self) -> int | None:
        """How many tasks it touched; None while that is not known."""
        operation = self.operation
        return operation.done if operation and operation.ended and operation.verb == self.entry.verb else None


@dataclass(frozen=True)
class Failure:
    """An error group that is known to have failed there.  elsewhere: in how many other queues its last failure may
    have been; 0: it was there."""

    group: object
    elsewhere: int


def acts(*verbs: str, queue: str | None = None, operations: bool = False) -> list[Act]:
    """At most 3 acts that were done, the newest first, out of the newest 200 of the trail.

    verbs: only these; queue: only in this one; operations: only on many tasks."""

    def tells(entry):
        return (
            entry.outcome == "done"
            and (entry.verb in verbs if verbs else entry.verb not in LOOKING)
            and (queue is None or entry.queue == queue)
            and (entry.operation_id is not None or not operations)
        )

    try:
        found = [entry for entry in engine().audit.page(limit=LOOKED_AT).entries if tells(entry)][:MOST]
    except StoreCorrupt:
        return []
    return [Act(entry, _operation(entry.operation_id)) for entry in found]


def last_on(queue: str, task_id: str):
    """The newest act that was done on this task alone within the last hour, out of the newest 200 of the trail; None
    when none is known."""
    try:
        entries = engine().audit.page(limit=LOOKED_AT).entries
    except StoreError:
        return None
    done = (one for one in entries if one.outcome == "done" and one.verb not in LOOKING)
    recent = (one for one in done if one.at > now() - RECENT_SECONDS)
    # tasks of two queues may share an id
    return next((one for one in recent if (one.queue, one.task_id) == (queue, task_id)), None)


def failure(queue: str | None = None) -> Failure | None:
    """The error group that failed last, in this queue or in any; None when none is known."""
    summary = reading.error_summary()
    groups = [one for one in summary.groups if queue is None or queue in dict(one.queues)] if summary else []
    if not groups:
        return None
    newest = max(groups, key=lambda one: one.last_at)
    return Failure(newest, 0 if queue is None else len(newest.queues) - 1)


def _operation(operation_id):
    try:
        return engine().operations.get(operation_id) if operation_id else None
    except (OperationNotFound, StoreCorrupt):
        return None
