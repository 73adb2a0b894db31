"""What every queue did in the last minutes and the last day: gathered by one process, read by everybody as one value.

A page of queues reads this alone.  The process that gathers keeps what it read, and asks anew only for what was in use.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from queue_core.series import COUNTS, DEPTHS_OF, FLOW, LONGEST_NAME_BYTES, Columns, is_counting
from queue_core.store import Store
from queue_core.tally import ALL, COUNTERS, FLOWS, QUEUE
from queue_core.text import to_bytes, to_text
from queue_core.tiers import HOUR_SECONDS, HOURS, MINUTES

HOURS_KEPT = 25
"""Of the clock, the present one among them: so that an hour can be compared with the same one of yesterday."""

RATE_MINUTES = 5
STALE_SECONDS = 600
"""Older than that it says nothing about now."""

_MEASURES = {
    "started": (COUNTS, ("started",)),
    "ended": (COUNTS, ("succeeded", "retried", "failed")),
    "ready": (FLOW, ("ready",)),
    "taken": (FLOW, ("taken",)),
    "errors": (FLOW, ("errors",)),
}
_LETTERS = {COUNTS: COUNTERS, FLOW: FLOWS}
_AT_ONCE = 50
_KEEP_SECONDS = 3600
_MINUTE_SECONDS = 60
_BUSY_SECONDS = (RATE_MINUTES + 2) * _MINUTE_SECONDS
"""What was in use so long before a look is asked for anew: it may still change, and its rate falls."""

_LATE_SECONDS = 15
"""A worker writes some seconds late, so the newest minute of a rate is one that ended before that."""


@dataclass(frozen=True)
class Pace:
    """What one queue, or all of them, did.  hours: {measure: numbers of the last 25 hours of the clock, the oldest
    first}; lately: {measure: a minute, over the last five}.  What is 0 is left out.

    measures: started, ended (runs of our workers); ready, taken (at least), errors (of all workers)."""

    hours: dict[str, tuple[int, ...]] = field(default_factory=dict)
    lately: dict[str, float] = field(default_factory=dict)

    def by_hour(self, measure: str) -> tuple[int, ...]:
        return self.hours.get(measure, (0,) * HOURS_KEPT)


@dataclass(frozen=True)
class Recent:
    """watched: for each hour whether somebody looked in it who also counted.  complete: no queue was without room for
    its numbers.

    queues: by name; one that is missing did nothing where `complete`, else it is unknown, as those in `unknown` are."""

    taken_at: float
    watched: tuple[bool, ...]
    complete: bool
    of_all: Pace
    queues: dict[str, Pace]
    unknown: frozenset[str] = frozenset()

    def of(self, queue: str) -> Pace | None:
        """None: unknown."""
        has_room = self.complete and queue not in self.unknown and len(to_bytes(queue)) <= LONGEST_NAME_BYTES
        return self.queues.get(queue, Pace() if has_room else None)


class Recents:
    """The room of recent numbers."""

    def __init__(self, store: Store):
        self._store = store
        self._last_read: tuple[bytes, Recent | None] = (b"", None)
        self._rows: dict[tuple[str, str], dict[tuple[str, int], dict]] = {}
        self._broken: set[str] = set()

    # -- reading --

    def read(self) -> Recent | None:
        """The newest; None when nobody gathered any in the last ten minutes.  One value of Redis."""
        raw = self._store.client.get(self._store.keys.stats_recent()) or b""
        if raw != self._last_read[0]:
            self._last_read = (raw, _decoded(raw))
        found = self._last_read[1]
        return found if found is not None and abs(self._store.now() - found.taken_at) < STALE_SECONDS else None

    # -- gathering --

    def gather(self) -> Iterator:
        """Reads what has changed, in bounded steps, and writes the whole for all to read."""
        now, lately = self._store.now(), {}
        names, size = self._names(now)
        subjects = [(ALL, ""), *((QUEUE, name) for name in names)]
        stale = [
            one for one in subjects if one not in self._rows or one[0] == ALL or names[one[1]] > now - _BUSY_SECONDS
        ]
        self._broken.difference_update(name for _, name in stale)
        for first in range(0, len(stale), _AT_ONCE):
            self._read_hours(stale[first : first + _AT_ONCE], now)
            yield
        for first in range(0, len(stale), _AT_ONCE):
            lately |= self._read_minutes(stale[first : first + _AT_ONCE], now)
            yield
        self._rows = {subject: self._of_the_day(subject, now) for subject in subjects}
        self._write(now, lately, complete=size < self._store.settings.max_stats_names)

    def _of_the_day(self, subject, now) -> dict:
        first = math.floor(now / HOUR_SECONDS) - HOURS_KEPT + 1
        return {place: row for place, row in self._rows.get(subject, {}).items() if place[1] >= first}

    def _names(self, now) -> tuple[dict[str, float], int]:
        """({queue: when it was in use, of the last day}, how many have numbers of their own)."""
        key, pipeline = self._store.keys.stats_names(QUEUE), self._store.client.pipeline()
        most = self._store.settings.max_stats_names
        pipeline.zrevrangebyscore(key, "+inf", now - HOURS_KEPT * HOUR_SECONDS, start=0, num=most, withscores=True)
        pipeline.zcard(key)
        found, size = pipeline.execute(raise_on_error=False)
        if isinstance(found, Exception):
            return {}, most
        return {to_text(name): score for name, score in found}, size

    def _read_hours(self, subjects, now):
        """All of the day at the first look, afterwards what may still change."""
        places = []
        for subject in subjects:
            back_seconds = _BUSY_SECONDS if subject in self._rows else (HOURS_KEPT - 1) * HOUR_SECONDS
            families = (*_LETTERS, DEPTHS_OF) if subject[0] == ALL else _LETTERS
            places += [(subject, each, at) for each in families for at in HOURS.chunks(now - back_seconds, now)]
        pipeline = self._store.client.pipeline()
        for subject, family, chunk in places:
            pipeline.hgetall(self._store.keys.stats(family, HOURS.name, chunk, *subject))
        for (subject, family, chunk), fields in zip(places, pipeline.execute(raise_on_error=False), strict=True):
            if isinstance(fields, Exception):
                self._broken.add(subject[1])
            columns = Columns(HOURS)
            columns.read(chunk, fields)
            for at, row in columns.rows.items():
                self._rows.setdefault(subject, {})[family, at // HOUR_SECONDS] = row

    def _read_minutes(self, subjects, now) -> dict[tuple[str, str], dict[str, float]]:
        """{subject: {measure: a minute}} over the newest whole minutes."""
        end = math.floor((now - _LATE_SECONDS) / _MINUTE_SECONDS) * _MINUTE_SECONDS
        moments = [end - _MINUTE_SECONDS * back for back in range(1, RATE_MINUTES + 1)]
        places = [
            (subject, family, chunk, [at for at in moments if MINUTES.chunk_of(at) == chunk])
            for subject in subjects
            for family in _LETTERS
            for chunk in MINUTES.chunks(moments[-1], moments[0])
        ]
        pipeline = self._store.client.pipeline()
        asked = []
        for subject, family, chunk, those in places:
            fields = [MINUTES.field(at, letter) for at in those for letter in _wanted(family)]
            asked.append(fields)
            pipeline.hmget(self._store.keys.stats(family, MINUTES.name, chunk, *subject), fields)
        sums: dict[tuple[str, str], dict[str, float]] = {}
        for (subject, family, chunk, _), fields, reply in zip(
            places, asked, pipeline.execute(raise_on_error=False), strict=True
        ):
            columns = Columns(MINUTES)
            if isinstance(reply, list):
                known = {field.encode(): value for field, value in zip(fields, reply, strict=True) if value is not None}
                columns.read(chunk, known)
            of_subject = sums.setdefault(subject, {})
            for row in columns.rows.values():
                for measure, number in _measured(family, row).items():
                    of_subject[measure] = of_subject.get(measure, 0) + number
        return {one: {name: sum_ / RATE_MINUTES for name, sum_ in found.items()} for one, found in sums.items()}

    def _write(self, now, lately, complete):
        last = math.floor(now / HOUR_SECONDS)
        hours = range(last - HOURS_KEPT + 1, last + 1)
        written = {
            "taken_at": now,
            "watched": [is_counting(self._rows.get((ALL, ""), {}).get((DEPTHS_OF, hour), {})) for hour in hours],
            "complete": complete,
            "of_all": self._sparse((ALL, ""), hours, lately),
            "queues": {
                name: found
                for kind, name in self._rows
                if kind == QUEUE and name not in self._broken and (found := self._sparse((kind, name), hours, lately))
            },
            "unknown": sorted(self._broken),
        }
        self._store.client.set(self._store.keys.stats_recent(), json.dumps(written), ex=_KEEP_SECONDS)

    def _sparse(self, subject, hours, lately) -> dict:
        rows, found = self._rows.get(subject, {}), {}
        for family in _LETTERS:
            for place, hour in enumerate(hours):
                for measure, number in _measured(family, rows.get((family, hour), {})).items():
                    found.setdefault(measure, {})[place] = number
        rates = {measure: round(rate, 2) for measure, rate in lately.get(subject, {}).items() if rate}
        return ({"hours": found} if found else {}) | ({"lately": rates} if rates else {})


def _wanted(family) -> list[str]:
    return [_LETTERS[family][name] for of, names in _MEASURES.values() if of == family for name in names]


def _measured(family, row) -> dict[str, int]:
    """{measure: number} of a family, those that are not 0."""
    letters = _LETTERS[family]
    sums = {
        measure: sum(max(0, row.get(letters[name]) or 0) for name in names)
        for measure, (of, names) in _MEASURES.items()
        if of == family
    }
    return {measure: number for measure, number in sums.items() if number}


def _decoded(raw: bytes) -> Recent | None:
    try:
        written = json.loads(raw)
        watched = tuple(map(bool, written["watched"]))
        if len(watched) != HOURS_KEPT:
            return None
        queues = {name: _pace(fields) for name, fields in written["queues"].items()}
        of_all, complete = _pace(written["of_all"]), written["complete"] is True
        unknown = frozenset(map(str, written["unknown"]))
        return Recent(float(written["taken_at"]), watched, complete, of_all, queues, unknown)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None


def _pace(fields) -> Pace:
    hours = {}
    for measure, by_place in fields.get("hours", {}).items():
        numbers = {int(place): int(number) for place, number in by_place.items()}
        hours[measure] = tuple(numbers.get(place, 0) for place in range(HOURS_KEPT))
    return Pace(hours, {measure: float(rate) for measure, rate in fields.get("lately", {}).items()})
