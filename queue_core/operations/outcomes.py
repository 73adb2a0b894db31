"""What became of the tasks that an operation retried: looked for in bounded steps, and counted in its record.

A worker of ours counts a success itself, in the script that finishes the task.  Everything else shows afterwards: a
task that failed again stands in error, and one that somebody else ended stands nowhere.  Each look is one script, which
counts a task and stops following it in the same step; so whoever dies in the middle leaves exact numbers.
"""

from collections.abc import Iterator

from queue_core import states
from queue_core.error_group import place
from queue_core.errors import StoreCorrupt
from queue_core.execution import Execution, read_execution
from queue_core.fingerprint import Fingerprint, fingerprint_of_failure
from queue_core.operations.record import Operation, read_operation
from queue_core.store import Store
from queue_core.text import to_text

AT_ONCE = 200
MOST_FAILED = 10_000
"""So many of those that failed again are known by id."""
_FAILED_KEPT_SECONDS = 172_800
"""For so long after the last one: a program may retry many tasks many times a day."""

_DEEPEST = 10
"""Records that are read of one task, when it failed more than once since it was retried."""
_CLASS_CHARACTERS = 100
_EXECUTION_BYTES = 16 * 1024
"""Of each end of a record; as the index of errors reads it, so that fingerprints can be compared."""


def followed(store: Store) -> Iterator[tuple[Operation, list[tuple[str, float]]]]:
    """(operation, [(task id, retried at)]), at most 200 at once, of all tasks that are followed.

    What belongs to an operation whose record is gone is followed no longer."""
    cursor = None
    while cursor != 0:
        cursor, rows = store.client.hscan(store.keys.followed(), cursor or 0, count=AT_ONCE)
        by_operation: dict[str, list] = {}
        for member, record in rows.items():
            by_operation.setdefault(to_text(record.partition(b" ")[0]), []).append((member, record))
        for operation_id, found in by_operation.items():
            operation = _operation(store, operation_id)
            if operation is None:
                store.client.hdel(store.keys.followed(), *(member for member, _ in found))
                continue
            for first in range(0, len(found), AT_ONCE):
                yield operation, _tasks(found[first : first + AT_ONCE])


def _operation(store, operation_id) -> Operation | None:
    try:
        return read_operation(operation_id, store.client.hgetall(store.keys.operation(operation_id)))
    except StoreCorrupt:
        return None


def _tasks(rows) -> list[tuple[str, float]]:
    return [(found[1], _moment(record)) for member, record in rows if (found := place(member))]


def _moment(record) -> float:
    try:
        return float(record.partition(b" ")[2])
    except ValueError:
        return 0.0


def failed_part(store: Store, operation: Operation) -> list[str]:
    """The tasks that failed again after the operation had retried them, and are in error now."""
    ids = store.client.zrange(store.keys.operation_failed(operation.id), 0, -1)
    key, there = store.keys.state(states.ERROR, operation.queue), []
    for first in range(0, len(ids), AT_ONCE):
        some = ids[first : first + AT_ONCE]
        scores = store.client.zmscore(key, some)
        there += [to_text(one) for one, score in zip(some, scores, strict=True) if score is not None]
    return there


def settle(store: Store, operation: Operation, tasks: list[tuple[str, float]]) -> None:
    """Counts those of `tasks`, (id, retried at), of which it is known by now what became of them."""
    retried_at = dict(tasks)
    failing = _look(store, operation, [(task_id, "", "") for task_id in retried_at])
    if failing:
        verdicts = _verdicts(store, [(task_id, score, retried_at[task_id]) for task_id, score in failing])
        _look(store, operation, verdicts)


def _look(store, operation, looks) -> list[tuple[str, bytes]]:
    unread = store.run(
        "settle_followed",
        operation_id=operation.id,
        queue=operation.queue,
        task_prefix=store.keys.task_prefix(),
        most_failed=MOST_FAILED,
        keep_seconds=int(min(store.settings.operation_keep_seconds, _FAILED_KEPT_SECONDS)),
        looks=[part for look in looks for part in look],
    )
    return [(to_text(task_id), score) for task_id, score in zip(unread[::2], unread[1::2], strict=True)]


def _verdicts(store, failing) -> list[tuple[str, bytes, str]]:
    """(id, score, verdict) of each (id, score, retried at)."""
    runs = _runs(store, [task_id for task_id, _, _ in failing], 1)
    newest = {task_id: (run, float(score)) for (task_id, score, _), run in zip(failing, runs, strict=True)}
    before = _runs_before(store, failing, newest)
    return [
        (task_id, score, _verdict(fingerprint_of_failure(*newest[task_id]), before.get(task_id)))
        for task_id, score, _ in failing
    ]


def _verdict(now: Fingerprint, before: Execution | None) -> str:
    if before is None:
        return "unknown"
    # a record never predates its own moment
    if now.id == fingerprint_of_failure(before, 0.0).id:
        return "same"
    return f"other {now.exception.rpartition('.')[2][:_CLASS_CHARACTERS]}"


def _runs_before(store, failing, newest) -> dict[str, Execution]:
    """{id: the run for which it was in error when it was retried}, of those of which a record of that is left."""
    found = {}
    # what died without leaving a record still has the one of before as its newest
    open_ids = {task_id: (retried_at, 1 if _is_older(*newest[task_id]) else 2) for task_id, _, retried_at in failing}
    for depth in range(1, _DEEPEST + 1):
        ids = [task_id for task_id, (_, first) in open_ids.items() if first <= depth]
        for task_id, run in zip(ids, _runs(store, ids, depth), strict=True):
            if run is None or run.failed_at is None or run.failed_at <= open_ids[task_id][0]:
                del open_ids[task_id]
                found[task_id] = run
        if not open_ids:
            break
    return found


def _is_older(run, failed_at) -> bool:
    return run is not None and run.predates(failed_at)


def _runs(store, ids, depth) -> list[Execution | None]:
    """The failed run of each at that position, 1 being the newest; None where there is none that can be read."""
    if not ids:
        return []
    replies = store.send_all(
        store.call("glimpse_execution", id=task_id, position=-depth, execution_bytes=_EXECUTION_BYTES)
        for task_id in ids
    )
    return [
        read_execution(0, to_text(one[0]), to_text(one[1])) if isinstance(one, list) and one[0] else None
        for one in replies
    ]
