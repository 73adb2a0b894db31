"""The counts of all queues, taken by one process and read by everybody.

Whoever asks for a page reads this one value; nobody counts 10,000 queues in a request.
"""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TypeVar

from queue_core import states
from queue_core.keys import SYSTEM_LOCK
from queue_core.store import Store
from queue_core.text import to_text

T = TypeVar("T")

_COUNTED_PER_CALL = 400
_SCAN_COUNT = 1000
_OF_THIS_LOOK = frozenset({"newly_queued", "queued_ahead"})
_NUMBERS = frozenset({int, float, type(None)})
_KEEP_SECONDS = 86_400
"""A snapshot that nobody renews stays readable for a day, with its age; then the counts are unknown."""


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """One queue.  Counts are None where Redis holds something else under that key.  Moments are Unix seconds.

    paused_until: math.inf means until resumed.  newly_queued: how many of those queued have a score between the moments
    of the look before and of this one; queued_ahead: how many have one beyond.  Only the process that counts knows."""

    queued: int | None = 0
    active: int | None = 0
    scheduled: int | None = 0
    error: int | None = 0
    oldest_queued_at: float | None = None
    newest_error_at: float | None = None
    next_due_at: float | None = None
    paused_until: float | None = None
    newly_queued: int = field(default=0, compare=False)
    queued_ahead: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Snapshot:
    taken_at: float
    queues: dict[str, QueueCounts]
    _derived: dict = field(default_factory=dict, init=False, repr=False, compare=False)

    def once(self, derive: Callable[[dict[str, QueueCounts]], T]) -> T:
        """`derive(queues)`, worked out once: many pages are made of one snapshot.  derive: pure, of a module."""
        if derive not in self._derived:
            self._derived[derive] = derive(self.queues)
        return self._derived[derive]


class Snapshots:
    """The room of the counts."""

    def __init__(self, store: Store):
        self._store = store
        self._last_read: tuple[bytes, Snapshot | None] = (b"", None)
        self._last_taken_at = math.inf

    def read(self) -> Snapshot | None:
        """The newest snapshot, or None when there is none.  One value of Redis; its age tells how true it is."""
        raw = self._store.client.get(self._store.keys.snapshot()) or b""
        # many pages read one snapshot, and 10,000 queues take a while to decode
        if raw != self._last_read[0]:
            self._last_read = (raw, _decoded(raw))
        return self._last_read[1]

    def count(self, since: float = math.inf) -> Snapshot:
        """Counts every queue in short steps.  Not one atomic look; nothing is written.

        since: from when on what was queued is new; it is only counted as new up to the moment of the snapshot."""
        names, taken_at = self._queue_names(), self._store.now()
        return Snapshot(taken_at, dict(zip(names, self._count(names, since, taken_at), strict=True)))

    def take(self) -> Snapshot:
        """Counts, and writes the result for all to read.  Of what is queued it tells how much came since the last."""
        snapshot = self.count(self._last_taken_at)
        self._last_taken_at = snapshot.taken_at
        written = {
            "taken_at": snapshot.taken_at,
            "queues": {name: _sparse(one) for name, one in snapshot.queues.items()},
        }
        self._store.client.set(self._store.keys.snapshot(), json.dumps(written), ex=_KEEP_SECONDS)
        return snapshot

    def _queue_names(self) -> list[str]:
        found = {to_text(name) for name in self._store.client.zrange(self._store.keys.paused(), 0, -1)}
        for state in states.ALL:
            name_set = self._store.keys.names(state)
            found.update(to_text(name) for name in self._store.client.sscan_iter(name_set, count=_SCAN_COUNT))
        return sorted(found)

    def _count(self, names, since, until_at) -> list[QueueCounts]:
        keys = [self._store.keys.state(state, name) for name in names for state in states.ALL]
        rows = []
        for first in range(0, len(keys), _COUNTED_PER_CALL):
            some = keys[first : first + _COUNTED_PER_CALL]
            rows += self._store.run("counts", states=some, since=repr(since), until_at=repr(until_at))
        by_queue = zip(*[iter(rows)] * len(states.ALL), strict=True)
        pauses = self._pauses(names)
        return [_counts(four, pause) for four, pause in zip(by_queue, pauses, strict=True)]

    def _pauses(self, names):
        now = self._store.now()
        ours = {to_text(name): ends_at for name, ends_at in self._store.client.zrange(
            self._store.keys.paused(), 0, -1, withscores=True
        )}  # fmt: skip
        for first in range(0, len(names), _COUNTED_PER_CALL):
            chunk = names[first : first + _COUNTED_PER_CALL]
            pipeline = self._store.client.pipeline()
            for name in chunk:
                pipeline.zscore(self._store.keys.semaphore(name), SYSTEM_LOCK)
            for name, locked_until in zip(chunk, pipeline.execute(raise_on_error=False), strict=True):
                until = ours.get(name, locked_until)
                yield until if isinstance(until, float) and until > now else None


def _decoded(raw: bytes) -> Snapshot | None:
    try:
        written = json.loads(raw)
        queues = {name: _read_counts(counts) for name, counts in written["queues"].items()}
        return Snapshot(float(written["taken_at"]), queues)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _counts(four, paused_until) -> QueueCounts:
    queued, active, scheduled, error = (row or (None, None, None, 0, 0) for row in four)
    return QueueCounts(
        queued=queued[0],
        active=active[0],
        scheduled=scheduled[0],
        error=error[0],
        oldest_queued_at=_moment(queued[1]),
        newest_error_at=_moment(error[2]),
        next_due_at=_moment(scheduled[1]),
        paused_until=paused_until,
        newly_queued=queued[3],
        queued_ahead=queued[4],
    )


def _moment(score):
    moment = float(score) if score else None
    return moment if moment is not None and math.isfinite(moment) else None


def _sparse(counts):
    fields = {
        name: value
        for name, value in asdict(counts).items()
        if name not in _OF_THIS_LOOK and value != QueueCounts.__dataclass_fields__[name].default
    }
    if counts.paused_until == math.inf:
        fields["paused_until"] = "inf"
    return fields


def _read_counts(fields) -> QueueCounts:
    if fields.get("paused_until") == "inf":
        fields["paused_until"] = math.inf
    if not _NUMBERS.issuperset(map(type, fields.values())):
        raise ValueError("something in the snapshot is not a number")
    return QueueCounts(**fields)
