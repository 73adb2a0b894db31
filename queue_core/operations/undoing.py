"""Undoing an operation: what of it can be taken back, and the record of the operation that does so.

What was deleted lies in the trash.  What was moved stands on a list, task by task with its score; only what still has
that score, in the state and the queue where it was put, goes back."""

from dataclasses import asdict

from queue_core.acts import Actor
from queue_core.errors import InvalidRequest
from queue_core.operations.plan import Plan
from queue_core.operations.record import Operation
from queue_core.store import Store

MOST_MOVED = 10_000
"""So many moved tasks are noted; where there are more none is, as the script `move` says."""


def left(store: Store, operation: Operation) -> int:
    """How many tasks its undoing would try to bring back."""
    if operation.verb == "move":
        return store.client.zcard(store.keys.operation_moved(operation.id))
    return store.client.zcard(store.keys.trash_of_operation(operation.id))


def undoing(store: Store, operation: Operation, actor: Actor, reason: str) -> tuple[dict, int]:
    """(record of the operation that undoes this one, how many tasks that means).  Raises InvalidRequest."""
    if not operation.ended:
        raise InvalidRequest("It is still running; cancel it first.")
    matched = left(store, operation)
    if not matched:
        raise InvalidRequest(why_not(operation))
    now = store.now()
    record = {
        "verb": "restore", "queue": operation.queue, "state": operation.state, "actor": actor.name, "door": actor.door,
        "reason": reason, "created_at": now, "not_after": now, "selected": False, "undoes": operation.id,
    }  # fmt: skip
    if operation.verb == "move":
        back = {"verb": "move", "queue": operation.to_queue, "selected": True, "frozen": matched}
        record |= asdict(Plan(to_queue=operation.queue)) | back
    return record, matched


def why_not(operation: Operation) -> str:
    """Why nothing of it can be taken back, in a sentence."""
    if operation.verb == "reschedule":
        return "Nobody notes when each task was due before."
    if operation.verb != "move":
        return "Nothing that it deleted is in the trash."
    if operation.done > MOST_MOVED:
        return f"It moved more than {MOST_MOVED:,} tasks, and which they were is not noted of so many."
    return "Nothing that it moved is left to take back."
