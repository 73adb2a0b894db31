"""One chunk of an operation: which tasks come next, the act on each, and the count of those that could not be met."""

from queue_core import states
from queue_core.disposal import disposal
from queue_core.errors import OperationEnded
from queue_core.operations.record import VERBS, Operation
from queue_core.store import Store
from queue_core.text import to_text


def run_chunk(store: Store, operation: Operation, most: int) -> bool:
    """Acts on up to `most` tasks; whether fewer than that were left.  Raises OperationEnded."""
    ids = [task_id for task_id, _ in next_rows(store, operation, most)]
    for task_id in act_on(store, operation, ids):
        store.run("skip", operation_id=operation.id, id=task_id, **{"from": source(store, operation)})
    return len(ids) < most


def act_on(store: Store, operation: Operation, ids: list[str]) -> list[str]:
    """Does it to each; gives those that refused.  Raises OperationEnded."""
    calls = _calls(store, operation, ids)
    replies = store.send_all(calls) if calls else []
    for reply in replies:
        if isinstance(reply, OperationEnded):
            raise reply
    return [task_id for task_id, reply in zip(ids, replies, strict=True) if isinstance(reply, Exception)]


def next_rows(store: Store, operation: Operation, count: int) -> list[tuple[str, float]]:
    """(id, score) of the tasks that come next, at most `count`."""
    if count == 0:
        return []
    if operation.selected:
        key = store.keys.operation_ids(operation.id)
        return [(to_text(one), 0.0) for one in store.client.lrange(key, 0, count - 1)]
    key, first = source(store, operation), _first_rank(store, operation)
    rows = store.client.zrange(key, first, first + count - 1, withscores=True)
    return [(to_text(task_id), score) for task_id, score in rows if score <= operation.not_after]


def _first_rank(store, operation) -> int:
    """Where to go on: what could not be acted on, and stays, comes before."""
    client, key = store.client, source(store, operation)
    passed_id, passed_score = client.hmget(store.keys.operation(operation.id), "passed_id", "passed_score")
    if passed_id is None:
        return 0
    rank = client.zrank(key, passed_id)
    return client.zcount(key, "-inf", passed_score) if rank is None else rank + 1


def source(store: Store, operation: Operation) -> bytes:
    """Where what it acts on stands, by score."""
    if operation.undoes:
        return store.keys.trash_of_operation(operation.undoes)
    return store.keys.state(operation.state, operation.queue)


def _calls(store, operation, ids):
    if operation.undoes:
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


def _one(store, operation, task_id):
    where = {"by": operation.actor, "door": operation.door, "reason": operation.reason}
    put_aside = disposal(store, operation.to_trash, **where, operation_id=operation.id)
    return _call(store, operation, id=task_id, fresh_budget=False, **put_aside)


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
