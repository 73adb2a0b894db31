"""Which operations are kept: the list of them, read from the newest on, and what is taken off it."""

import math
from dataclasses import dataclass

from queue_core.bookmark import Bookmark
from queue_core.errors import InvalidRequest
from queue_core.operations.record import Operation
from queue_core.store import Store
from queue_core.text import to_bytes, to_text

_AT_ONCE = 100
_MOST_AT_A_LOOK = 1000


@dataclass(frozen=True)
class OperationPage:
    """operations: the newest first, those left out whose record cannot be read; next_cursor: where older ones begin."""

    operations: list[Operation]
    next_cursor: str | None


def listed(store: Store, cursor: str | None, limit: int) -> tuple[list[bytes], str | None]:
    """(ids, the newest first; where the next ones begin, None at the end).  Raises InvalidRequest."""
    key = store.keys.operations()
    if cursor:
        rows = Bookmark(key, _read_cursor(cursor), backwards=True).read_on(store.client, limit + 1)
    else:
        rows = store.client.zrevrange(key, 0, limit, withscores=True)
    last = rows[limit - 1] if len(rows) > limit else None
    return [one for one, _ in rows[:limit]], f"{last[1]!r}:{to_text(last[0])}" if last else None


def _read_cursor(cursor) -> tuple[float, bytes]:
    at, colon, operation_id = cursor.partition(":")
    try:
        place = float(at)
    except ValueError:
        place = math.nan
    if not colon or math.isnan(place):
        raise InvalidRequest("That page address is not complete; begin at the first page.")
    return place, to_bytes(operation_id)


def prune(store: Store) -> int:
    """Takes off the list what was started too long ago and has ended, and of more than are kept the oldest that have
    ended, whose records go too; gives how many."""
    key, settings = store.keys.operations(), store.settings
    until = store.now() - settings.operation_keep_seconds
    old = _ended(store, store.client.zrangebyscore(key, "-inf", until, start=0, num=_MOST_AT_A_LOOK))
    too_many = store.client.zcard(key) - len(old) - settings.max_operations
    beyond = _oldest_ended(store, too_many, but=old) if too_many > 0 else []
    _drop_records(store, beyond)
    _drop_running_without_record(store)
    return store.client.zrem(key, *old, *beyond) if old or beyond else 0


def _oldest_ended(store, count, *, but) -> list[bytes]:
    # those that have not ended may be the oldest of all
    looked_at = count + len(but) + store.client.zcard(store.keys.operations_running())
    oldest = store.client.zrange(store.keys.operations(), 0, min(looked_at, _MOST_AT_A_LOOK) - 1)
    return [one for one in _ended(store, oldest) if one not in but][:count]


def _ended(store, ids) -> list[bytes]:
    running = store.client.zmscore(store.keys.operations_running(), ids) if ids else []
    return [one for one, score in zip(ids, running, strict=True) if score is None]


def _drop_records(store, ids):
    keys = store.keys
    of_one = (
        keys.operation, keys.operation_ids, keys.operation_frozen, keys.operation_released, keys.operation_moved,
        keys.operation_failed,
    )  # fmt: skip
    for first in range(0, len(ids), _AT_ONCE):
        some = [to_text(one) for one in ids[first : first + _AT_ONCE]]
        store.client.unlink(*(key(one) for one in some for key in of_one))


def _drop_running_without_record(store):
    running = store.keys.operations_running()
    ids = store.client.zrange(running, 0, _MOST_AT_A_LOOK - 1)
    pipeline = store.client.pipeline()
    for one in ids:
        pipeline.exists(store.keys.operation(to_text(one)))
    gone = [one for one, there in zip(ids, pipeline.execute() if ids else (), strict=True) if not there]
    if gone:
        store.client.zrem(running, *gone)
