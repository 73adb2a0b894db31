"""One chunk of an operation: which tasks come next, the act on each, and the count of those that could not be met."""

from typing import NamedTuple

from queue_core import states
from queue_core.bookmark import Bookmark
from queue_core.disposal import disposal
from queue_core.errors import OperationEnded
from queue_core.operations.plan import new_due_at
from queue_core.operations.record import VERBS, Operation
from queue_core.payload import with_scheduled_at
from queue_core.store import Store
from queue_core.text import to_text

_PAYLOADS_AT_ONCE = 20
"""A payload may have a megabyte."""
_PATCH_ATTEMPTS = 5


class Row(NamedTuple):
    """place: how many of the frozen selection stand before it; 0 where nobody asks."""

    id: str
    score: float
    place: int = 0


def run_chunk(store: Store, operation: Operation, most: int) -> bool:
    """Acts on up to `most` tasks; whether fewer than that were left.  Raises OperationEnded."""
    rows = next_rows(store, operation, most)
    where = {"from": source(store, operation), "operation_frozen": selection(store, operation)}
    for task_id in act_on(store, operation, rows):
        store.run("skip", operation_id=operation.id, id=task_id, **where)
    return len(rows) < most


def act_on(store: Store, operation: Operation, rows: list[Row]) -> list[str]:
    """Does it to each; gives the ids of those that refused.  Raises OperationEnded."""
    if operation.verb == "reschedule":
        return _reschedule(store, operation, rows)
    ids = [row.id for row in rows]
    calls = _calls(store, operation, ids)
    replies = _unless_ended(store.send_all(calls) if calls else [])
    return [task_id for task_id, reply in zip(ids, replies, strict=True) if isinstance(reply, Exception)]


def _unless_ended(replies):
    for reply in replies:
        if isinstance(reply, OperationEnded):
            raise reply
    return replies


def next_rows(store: Store, operation: Operation, count: int) -> list[Row]:
    """The tasks that come next, at most `count`."""
    if count == 0:
        return []
    if operation.verb == "reschedule" or operation.takes_back:
        return _frozen_rows(store, operation, count)
    if operation.selected:
        key = store.keys.operation_ids(operation.id)
        return [Row(to_text(one), 0.0) for one in store.client.lrange(key, 0, count - 1)]
    rows = _rows_behind_those_that_stay(store, operation, count)
    return [Row(to_text(task_id), score) for task_id, score in rows if score <= operation.not_after]


def _frozen_rows(store, operation, count) -> list[Row]:
    pipeline = store.client.pipeline()
    pipeline.zcard(selection(store, operation))
    pipeline.zrange(selection(store, operation), 0, count - 1, withscores=True)
    left, rows = pipeline.execute()
    first = max(operation.frozen - left, 0)
    return [Row(to_text(task_id), score, first + at) for at, (task_id, score) in enumerate(rows)]


def _rows_behind_those_that_stay(store, operation, count):
    """What could not be acted on, or is not meant, stays and comes before, up to the last one that was passed."""
    client, key = store.client, source(store, operation)
    passed_id, passed_score = client.hmget(store.keys.operation(operation.id), "passed_id", "passed_score")
    if passed_id is None:
        return client.zrange(key, 0, count - 1, withscores=True)
    return Bookmark(key, (float(passed_score), passed_id)).read_on(client, count)


def selection(store: Store, operation: Operation) -> bytes:
    """Where those that it means are listed with the score that they must have; empty for most operations."""
    if operation.takes_back:
        return store.keys.operation_moved(operation.undoes)
    return store.keys.operation_frozen(operation.id)


def source(store: Store, operation: Operation) -> bytes:
    """Where what it acts on stands, by score."""
    if operation.verb == "restore":
        return store.keys.trash_of_operation(operation.undoes)
    return store.keys.state(operation.state, operation.queue)


def _calls(store, operation, ids):
    if operation.verb == "restore":
        pairs = zip(ids, _task_ids(store, ids), strict=True)
        return [_restore(store, operation, entry_id, task_id) for entry_id, task_id in pairs]
    return [_one(store, operation, task_id) for task_id in ids]


def _task_ids(store, entry_ids) -> list[str]:
    pipeline = store.client.pipeline()
    for entry_id in entry_ids:
        pipeline.hget(store.keys.trash_entry(entry_id), "id")
    return [to_text(one or b"") for one in (pipeline.execute() if entry_ids else ())]


def _restore(store, operation, entry_id, task_id):
    publish, trash_prefix = operation.state == states.QUEUED, store.keys.trash_prefix()
    return _call(store, operation, id=task_id, entry_id=entry_id, trash_prefix=trash_prefix, publish=publish)


def _reschedule(store, operation, rows) -> list[str]:
    refused = []
    for first in range(0, len(rows), _PAYLOADS_AT_ONCE):
        left = rows[first : first + _PAYLOADS_AT_ONCE]
        for _ in range(_PATCH_ATTEMPTS):
            replies = _unless_ended(store.send_all(_reschedulings(store, operation, left))) if left else []
            refused += [row.id for row, reply in zip(left, replies, strict=True) if isinstance(reply, Exception)]
            left = [row for row, reply in zip(left, replies, strict=True) if reply == b"CHANGED"]
        refused += [row.id for row in left]
    return refused


def _reschedulings(store, operation, rows):
    payloads, now, plan = store.client.mget([store.keys.payload(row.id) for row in rows]), store.now(), operation.plan
    for row, payload in zip(rows, payloads, strict=True):
        due_at, before = new_due_at(plan, row.score, row.place, operation.frozen, now), payload or b""
        after = with_scheduled_at(before, due_at)
        yield _call(store, operation, id=row.id, due_at=due_at, payload_before=before, payload_after=after)


def _one(store, operation, task_id):
    if operation.verb == "move":
        return _call(store, operation, id=task_id, **_led(store, operation))
    where = {"by": operation.actor, "door": operation.door, "reason": operation.reason}
    put_aside = disposal(store, operation.to_trash, **where, operation_id=operation.id)
    return _call(store, operation, id=task_id, fresh_budget=False, **put_aside)


def _led(store, operation):
    return {
        "to_queue": operation.to_queue,
        "publish": operation.state == states.QUEUED,
        "undoing": operation.takes_back,
        "operation_frozen": selection(store, operation),
    }


def _call(store, operation, **values):
    return store.call(
        VERBS[operation.verb],
        queue=operation.queue,
        state=operation.state,
        now=store.now(),
        not_after="" if operation.selected else operation.not_after,
        operation_id=operation.id,
        act=b"",
        max_audit_entries=store.settings.max_audit_entries,
        **values,
    )
