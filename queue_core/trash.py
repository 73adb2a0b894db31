"""The trash: what operators deleted lies here for a while, and can come back.

An entry has an id of its own, so that a unique task can lie here twice.  Age, number and memory are limited; beyond
them the oldest go.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from queue_core import states
from queue_core.acts import Actor, act
from queue_core.errors import AlreadyThere, EntryNotFound, InvalidPayload, InvalidRequest, MovedOn, PayloadDiffers
from queue_core.store import Store
from queue_core.text import json_object, to_bytes, to_text

MOST_ROWS = 200
_STEP = 200
"""Entries freed by one script, so that it stays under 10 ms."""

_WHY_NOT = {
    EntryNotFound: "It is not in the trash any more: it was restored, or its time was over.",
    InvalidPayload: "Its payload is gone, so there is nothing left to run.",
    AlreadyThere: "The same task is in its queue again, so it stays in the trash.",
    PayloadDiffers: "Another queue holds this task with other arguments or times, so it stays in the trash.",
}


@dataclass(frozen=True)
class Entry:
    """A deleted task.  state, score: where it was; at: when it was deleted, Unix seconds; size: bytes, about.

    by, door, reason: of the act; operation_id: of the operation that deleted it, or empty."""

    id: str
    task_id: str
    queue: str
    state: str
    score: float
    at: float
    executions_count: int
    by: str = "?"
    door: str = "?"
    reason: str = ""
    operation_id: str = ""
    size: int = 0


@dataclass(frozen=True)
class TrashPage:
    """entries: newest first; next_cursor: where older ones begin, None at the end.

    total: of the whole list, also those whose time is over."""

    entries: list[Entry]
    total: int
    next_cursor: str | None


@dataclass(frozen=True)
class TrashSize:
    """How much lies in the trash, and since when the oldest; oldest_at is None when it is empty."""

    tasks: int
    bytes: int
    oldest_at: float | None


class Trash:
    """The room of what was deleted."""

    def __init__(self, store: Store):
        self._store = store

    @property
    def is_on(self) -> bool:
        return self._store.settings.trash_seconds > 0

    # -- looking --

    def size(self) -> TrashSize:
        """Source: three counters, so it costs the same for any number."""
        pipeline = self._store.client.pipeline()
        pipeline.zcard(self._store.keys.trash())
        pipeline.get(self._store.keys.trash_bytes())
        pipeline.zrange(self._store.keys.trash(), 0, 0, withscores=True)
        tasks, memory, oldest = pipeline.execute()
        return TrashSize(tasks, int(memory or 0), oldest[0][1] if oldest else None)

    def count_since(self, since: float) -> int:
        """How many were deleted after a moment."""
        return self._store.client.zcount(self._store.keys.trash(), f"({since}", "+inf")

    def page(self, *, queue: str | None = None, cursor: str | None = None, limit: int = 50) -> TrashPage:
        """Entries deleted before `cursor`, newest first; of one queue, where it is named.

        Raises InvalidRequest for a cursor that is none."""
        keys, client, limit = self._store.keys, self._store.client, max(1, min(limit, MOST_ROWS))
        key = keys.trash() if queue is None else keys.trash_of_queue(queue)
        first = self._rank_after(key, cursor) if cursor else 0
        rows = client.zrevrange(key, first, first + limit, withscores=True)
        entries = self._read([to_text(name) for name, _ in rows[:limit]])
        more = len(rows) > limit
        last_id, last_at = rows[limit - 1] if more else (b"", 0.0)
        return TrashPage(entries, client.zcard(key), f"{last_at!r}:{to_text(last_id)}" if more else None)

    def get(self, entry_id: str) -> Entry:
        """Raises EntryNotFound."""
        found = self._read([entry_id])
        if not found:
            raise EntryNotFound(_WHY_NOT[EntryNotFound], entry_id=entry_id)
        return found[0]

    def get_all(self, entry_ids: list[str]) -> list[Entry]:
        """Those of up to 200 entries that are still here.  Raises InvalidRequest for more."""
        if len(entry_ids) > MOST_ROWS:
            raise InvalidRequest(f"Choose at most {MOST_ROWS} tasks.")
        return self._read(entry_ids)

    def count_of(self, operation_id: str) -> int:
        """How many tasks that this operation deleted are still here, with those whose time is over."""
        return self._store.client.zcard(self._store.keys.trash_of_operation(operation_id))

    # -- acting --

    def restore(self, entry_id: str, *, actor: Actor, reason: str = "") -> Entry:
        """Back to the state and the place where it was; gives the entry that was restored.

        Raises EntryNotFound, AlreadyThere, PayloadDiffers, InvalidPayload: then it stays in the trash."""
        (result,) = self.restore_all([entry_id], actor=actor, reason=reason)
        if isinstance(result, Exception):
            raise result
        return result

    def restore_all(self, entry_ids: list[str], *, actor: Actor, reason: str = "") -> list[Entry | Exception]:
        """Each as `restore`, in one go; an exception stands in the place of an entry that was refused."""
        if not 0 < len(entry_ids) <= MOST_ROWS:
            raise InvalidRequest(f"Choose between 1 and {MOST_ROWS} tasks.")
        found = {entry.id: entry for entry in self._read(entry_ids)}
        known = [entry_id for entry_id in entry_ids if entry_id in found]
        replies = self._store.send_all([self._call(found[one], actor, reason) for one in known])
        results = {one: _explained(reply, found[one]) for one, reply in zip(known, replies, strict=True)}
        missing = EntryNotFound(_WHY_NOT[EntryNotFound])
        return [results.get(entry_id, missing) for entry_id in entry_ids]

    def empty(self, *, not_after: float | None = None, actor: Actor, reason: str = "") -> int:
        """Frees all entries deleted up to `not_after` (default: now), for good; gives how many.

        Short steps, and one audit entry with the first."""
        not_after = self._store.now() if not_after is None else not_after
        left = self._store.client.zcount(self._store.keys.trash(), "-inf", not_after)
        entry = act("empty_trash", actor, reason=reason, matched=left, not_after=not_after)
        freed = self._drop(not_after, entry)
        total = freed
        while freed == _STEP and total < left:
            freed = self._drop(not_after)
            total += freed
        return total

    # -- for sweeper and observer --

    def trim(self) -> Iterator[int]:
        """Frees what is too old or too much, oldest first; gives the number of each bounded step."""
        freed = _STEP
        while freed == _STEP:
            freed = self._drop(self._store.now() - self._store.settings.trash_seconds)
            yield freed

    # -- shared --

    def _drop(self, not_after, entry=b"") -> int:
        settings = self._store.settings
        return self._store.run(
            "drop_trash",
            not_after=not_after,
            trash_tasks=settings.trash_tasks,
            trash_bytes_limit=settings.trash_bytes,
            limit=_STEP,
            trash_prefix=self._store.keys.trash_prefix(),
            act=entry,
            max_audit_entries=settings.max_audit_entries,
        )

    def _call(self, entry, actor, reason):
        noted = act(
            "restore", actor, queue=entry.queue, task_id=entry.task_id, reason=reason, state=entry.state, entry=entry.id
        )
        return self._store.call(
            "restore",
            id=entry.task_id,
            queue=entry.queue,
            state=entry.state,
            entry_id=entry.id,
            not_after="",
            now=self._store.now(),
            trash_prefix=self._store.keys.trash_prefix(),
            operation_id="",
            act=noted,
            max_audit_entries=self._store.settings.max_audit_entries,
            publish=entry.state == states.QUEUED,
        )

    def _rank_after(self, key, cursor) -> int:
        at, colon, entry_id = cursor.partition(":")
        try:
            at = float(at)
        except ValueError:
            colon = ""
        if not colon or at != at:
            raise InvalidRequest("That page address is not complete; begin at the first page.")
        rank = self._store.client.zrevrank(key, to_bytes(entry_id))
        return self._store.client.zcount(key, f"({at!r}", "+inf") if rank is None else rank + 1

    def _read(self, entry_ids) -> list[Entry]:
        """The entries that are still here, in that order."""
        pipeline = self._store.client.pipeline()
        for entry_id in entry_ids:
            pipeline.hgetall(self._store.keys.trash_entry(entry_id))
        if entry_ids:
            pipeline.hmget(self._store.keys.trash_index(), [to_bytes(one) for one in entry_ids])
        *rows, sizes = pipeline.execute() if entry_ids else [[]]
        read = [_entry(*each) for each in zip(entry_ids, rows, sizes, strict=True)]
        return [entry for entry in read if entry is not None]


def _explained(reply, entry) -> Entry | Exception:
    if isinstance(reply, (MovedOn, InvalidPayload)) and type(reply) in _WHY_NOT:
        return type(reply)(_WHY_NOT[type(reply)], task_id=entry.task_id, entry_id=entry.id)
    return reply if isinstance(reply, Exception) else entry


def _entry(entry_id: str, fields: dict, index: bytes | None) -> Entry | None:
    try:
        record = json_object(fields[b"record"])
        entry = Entry(
            id=entry_id,
            task_id=to_text(fields[b"id"]),
            queue=to_text(fields[b"queue"]),
            state=states.allowed_from("delete", to_text(fields[b"state"])),
            score=float(fields[b"score"]),
            at=float(fields[b"at"]),
            executions_count=int(fields[b"count"]),
            size=int((index or b"0").split(b" ")[0]),
        )
    except (KeyError, ValueError):
        return None
    texts = {name: record[name] for name in ("by", "door", "reason", "operation_id") if type(record.get(name)) is str}
    return Entry(**vars(entry) | texts)
