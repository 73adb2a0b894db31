"""Stats: what ran, how long it waited and ran, and what lay where, over minutes, hours and days.

Workers add up in memory and write every few seconds; the sweeper or an observer writes once a minute what lies in the
queues, and every few seconds what that tells of tasks that came and went.  Every key expires, and beyond
`max_stats_names` queues or functions what is counted goes under one name.
"""

from collections import Counter

from queue_core import series
from queue_core.series import (
    COUNTS,
    DEPTHS,
    DEPTHS_OF,
    FLOW,
    LONGEST_NAME_BYTES,
    SEEN,
    TIMES,
    UNCOUNTED,
    UNKNOWN,
    Columns,
    Series,
    Trend,
)
from queue_core.store import Store
from queue_core.tally import ALL, COUNTERS, FLOWS, FUNCTION, KINDS, QUEUE, Tally
from queue_core.text import to_bytes, to_text
from queue_core.tiers import DAY_SECONDS, HOUR_SECONDS, HOURS, MINUTES, SPANS, TENS, Span

OTHERS = {QUEUE: "other-queues", FUNCTION: "other-functions"}
"""The kind under which stands what has no room under its own name."""

_TIERS = {COUNTS: (MINUTES, HOURS), FLOW: (MINUTES, HOURS), TIMES: (TENS, HOURS), DEPTHS_OF: (MINUTES, HOURS)}
_SUMMED = (*COUNTERS, *FLOWS)
_COMMANDS_AT_ONCE = 500
_KEYS_AT_ONCE = 200
_STATES = tuple(name for name in DEPTHS if name not in ("oldest_seconds", "workers"))


class Stats:
    """The room of numbers over time.  spans: the lengths of time that can be asked for, by name."""

    spans = SPANS

    def __init__(self, store: Store):
        self._store = store
        self._known: dict[str, set[str]] = {QUEUE: set(), FUNCTION: set()}

    # -- writing --

    def write(self, tally: Tally) -> None:
        """Adds what a process has counted or seen.  Exact beside others that write; not atomic as a whole.

        Raises StoreUnavailable; some of it may have been written then."""
        cells = list(tally.by_subject())
        self._learn({(kind, name) for kind, name, _, _ in cells if kind in OTHERS})
        totals = Counter()
        sums: dict[bytes, Counter] = {}
        keep: dict[bytes, int] = {}
        for kind, name, minute, cell in cells:
            subject = self._subject(kind, name)
            for counter, number in cell.counts.items():
                totals[self._total(subject, counter)] += number
            for family, letters in ((COUNTS, COUNTERS), (FLOW, FLOWS)):
                numbers = {letters[name]: number for name, number in cell.counts.items() if name in letters}
                self._gather(sums, keep, family, subject, minute, numbers)
            times = {f"{letter}{bucket}": number for (letter, bucket), number in cell.times.items()}
            self._gather(sums, keep, TIMES, subject, minute, times)
        self._add(sums, keep, totals)

    def _gather(self, sums, keep, family, subject, at, numbers):
        for tier in _TIERS[family] if numbers else ():
            key = self._key(family, tier, tier.chunk_of(at), subject)
            keep[key] = tier.keep_seconds + tier.chunk_seconds
            found = sums.setdefault(key, Counter())
            for what, number in numbers.items():
                found[tier.field(at, what)] += number

    def _add(self, sums, keep, totals):
        key = self._store.keys.stats_totals()
        commands = [("HINCRBY", key, field, number) for field, number in totals.items() if number]
        commands.append(("HSETNX", key, b"since", repr(self._store.now())))
        commands.append(("EXPIRE", key, HOURS.keep_seconds))
        for key, numbers in sums.items():
            commands += [("HINCRBY", key, field, number) for field, number in numbers.items() if number]
            commands.append(("EXPIRE", key, keep[key]))
        self._send(commands)

    def _send(self, commands) -> list:
        """In some trips; what one key refuses, since it is not ours, does not keep the others from their numbers."""
        replies = []
        for first in range(0, len(commands), _COMMANDS_AT_ONCE):
            pipeline = self._store.client.pipeline()
            for command in commands[first : first + _COMMANDS_AT_ONCE]:
                pipeline.execute_command(*command)
            replies += pipeline.execute(raise_on_error=False)
        return replies

    # -- names --

    def names(self, kind: str) -> list[str]:
        """The queues or functions that have numbers of their own, in order.  kind: QUEUE or FUNCTION."""
        found = self._store.client.zrange(self._store.keys.stats_names(kind), 0, self._most_names - 1)
        return sorted(map(to_text, found))

    def has(self, kind: str, name: str) -> bool:
        """Whether that queue or function has numbers of its own."""
        return self._store.client.zscore(self._store.keys.stats_names(kind), to_bytes(name)) is not None

    @property
    def _most_names(self):
        return self._store.settings.max_stats_names

    def _learn(self, subjects):
        """Gives new names a place for as long as there is room, and says of all of them that they are in use."""
        now = self._store.now()
        for kind in OTHERS:
            wanted = [name for each, name in sorted(subjects) if each == kind and _is_short(name)]
            key = self._store.keys.stats_names(kind)
            if unknown := [name for name in wanted if name not in self._known[kind]]:
                self._known[kind].update(self._placed(key, unknown))
            used = [name for name in wanted if name in self._known[kind]]
            commands = [("ZADD", key, now, to_bytes(name)) for name in used]
            self._send([*commands, ("EXPIRE", key, HOURS.keep_seconds)] if commands else [])

    def _placed(self, key, names) -> list[str]:
        placed = []
        for first in range(0, len(names), _KEYS_AT_ONCE):
            chunk = names[first : first + _KEYS_AT_ONCE]
            *scores, size = self._send([*(("ZSCORE", key, to_bytes(name)) for name in chunk), ("ZCARD", key)])
            room = self._most_names - size - len(placed) if isinstance(size, int) else 0
            there = [name for name, score in zip(chunk, scores, strict=True) if isinstance(score, float)]
            new = [name for name in chunk if name not in set(there)]
            placed += there + new[: max(0, room)]
        return placed

    def _subject(self, kind, name) -> tuple[str, str]:
        if kind == ALL or name in self._known[kind]:
            return kind, name
        return OTHERS[kind], ""

    # -- what lies in the queues --

    def sample(self, snapshot, workers: int | None) -> None:
        """Writes the depths of all queues of a snapshot into the minute in which it was taken.

        snapshot: see `queue_core.snapshot`.  workers: how many of ours are alive; None: unknown."""
        at = snapshot.taken_at
        depths = {name: _depths_of(one, at) for name, one in snapshot.queues.items()}
        self._learn({(QUEUE, name) for name, one in depths.items() if one})
        by_subject: dict[tuple[str, str], dict] = {}
        for name, one in depths.items():
            _put_highest(by_subject.setdefault(self._subject(QUEUE, name), {}), one)
        by_subject[ALL, ""] = _sums(depths.values()) | {SEEN: UNKNOWN if workers is None else workers}
        if not self._store.settings.stats_flush_seconds:
            by_subject[ALL, ""][UNCOUNTED] = 1
        self._write_depths(at, {subject: numbers for subject, numbers in by_subject.items() if numbers})

    def _write_depths(self, at, by_subject):
        wanted = []
        for subject, numbers in by_subject.items():
            for tier in _TIERS[DEPTHS_OF]:
                key = self._key(DEPTHS_OF, tier, tier.chunk_of(at), subject)
                wanted.append((key, tier, {tier.field(at, letter): number for letter, number in numbers.items()}))
        # of several looks in one slot the highest stays; only one process looks
        known = self._send([("HMGET", key, *numbers) for key, _, numbers in wanted])
        commands = []
        for (key, tier, numbers), before in zip(wanted, known, strict=True):
            if isinstance(before, list):
                higher = [_higher(old, new) for old, new in zip(before, numbers.values(), strict=True)]
                commands.append(("HSET", key, *(part for pair in zip(numbers, higher, strict=True) for part in pair)))
                commands.append(("EXPIRE", key, tier.keep_seconds + tier.chunk_seconds))
        self._send(commands)

    def prune(self) -> None:
        """Forgets the names that were not in use for as long as numbers are kept, and their sums."""
        before = self._store.now() - HOURS.keep_seconds
        for kind in OTHERS:
            key = self._store.keys.stats_names(kind)
            old = self._store.client.zrangebyscore(key, "-inf", before, start=0, num=_KEYS_AT_ONCE)
            if old:
                sums = [self._total((kind, to_text(name)), counter) for name in old for counter in _SUMMED]
                self._send([("ZREM", key, *old), ("HDEL", self._store.keys.stats_totals(), *sums)])
            self._known[kind].clear()

    # -- reading --

    def series(
        self,
        kind: str,
        name: str = "",
        span: Span = SPANS["24h"],
        *,
        with_times: bool = True,
        now: float | None = None,
    ) -> Series:
        """The numbers of all, a queue or a function over a span.  Source: some hundred small hashes at most, not one
        atomic look; a key that holds something else counts as empty.  kind: `all`, `queue` or `function`.

        with_times: waits and run times too; without them it is half the work."""
        now = self._store.now() if now is None else now
        first_at = span.slots(now, max(span.slot_seconds, span.times_seconds))[0]
        subject, of_all = (kind, name), (ALL, "")
        wanted = {"counts": (COUNTS, span.fine, subject), "seen": (DEPTHS_OF, span.fine, of_all)}
        if with_times:
            wanted["times"] = (TIMES, span.times, subject)
        if kind != FUNCTION:
            wanted["flow"] = (FLOW, span.fine, subject)
        if kind == QUEUE:
            wanted["depths"] = (DEPTHS_OF, span.fine, subject)
        read = self._columns(*wanted.values(), chunks=lambda tier: tier.chunks(first_at, now))
        found = dict(zip(wanted, read, strict=True))
        depths = found.get("depths") if kind == QUEUE else found["seen"] if kind == ALL else None
        slots = series.slots(span, now, found["counts"], depths, found["seen"], found.get("flow"))
        return Series(kind, name, span, now, slots, series.times(span, now, found.get("times", Columns(span.times))))

    def trend(self, *, now: float | None = None) -> Trend:
        """How much ends in an hour now and a day ago, and how many errors there were an hour ago, of all queues."""
        now = self._store.now() if now is None else now
        spans = [(now - HOUR_SECONDS, now), (now - DAY_SECONDS - HOUR_SECONDS, now - DAY_SECONDS)]
        wanted = sorted({chunk for first, last in spans for chunk in MINUTES.chunks(first, last)})
        counts, seen = self._columns(
            (COUNTS, MINUTES, (ALL, "")), (DEPTHS_OF, MINUTES, (ALL, "")), chunks=lambda tier: wanted
        )
        runs, runs_before = (_ended(counts.rows, first, last) for first, last in spans)
        before = [at for at in seen.rows if now - HOUR_SECONDS - 300 <= at <= now - HOUR_SECONDS]
        return Trend(runs, runs_before, seen.rows[max(before)].get(DEPTHS["error"], 0) if before else None)

    def totals(self) -> tuple[float | None, dict[tuple[str, str], dict[str, int]]]:
        """(since when, {(kind, name): {counter: sum}}) of everything that was counted.  kind: all, queue, function,
        other-queues or other-functions.  Sums begin anew when nothing ran for 90 days."""
        fields = self._store.client.hgetall(self._store.keys.stats_totals())
        found: dict[tuple[str, str], dict[str, int]] = {}
        for raw, value in fields.items():
            counter, _, rest = to_text(raw).partition(":")
            kind, colon, name = rest.partition(":")
            if counter in _SUMMED and colon and kind in (*KINDS, *OTHERS.values()) and value.isdigit():
                found.setdefault((kind, name), {})[counter] = int(value[:18])
        try:
            since = float(fields.get(b"since", b""))
        except ValueError:
            since = None
        return since, found

    def _columns(self, *wanted, chunks) -> list[Columns]:
        """For each (family, tier, subject) what stands in its chunks."""
        columns = [Columns(tier) for _, tier, _ in wanted]
        places = [
            (into, chunk, self._key(family, tier, chunk, subject))
            for into, (family, tier, subject) in zip(columns, wanted, strict=True)
            for chunk in chunks(tier)
        ]
        for first in range(0, len(places), _KEYS_AT_ONCE):
            some = places[first : first + _KEYS_AT_ONCE]
            pipeline = self._store.client.pipeline()
            for _, _, key in some:
                pipeline.hgetall(key)
            for (into, chunk, _), fields in zip(some, pipeline.execute(raise_on_error=False), strict=True):
                into.read(chunk, fields)
        return columns

    def _key(self, family, tier, chunk, subject) -> bytes:
        return self._store.keys.stats(family, tier.name, chunk, *subject)

    def _total(self, subject, counter) -> bytes:
        return b":".join((counter.encode(), subject[0].encode(), to_bytes(subject[1])))


def _is_short(name) -> bool:
    return len(to_bytes(name)) <= LONGEST_NAME_BYTES


def _depths_of(queue, at) -> dict[str, int | bytes]:
    """Letters and numbers of one queue of a snapshot; what is 0 is left out."""
    found: dict[str, int | bytes] = {}
    for state in _STATES:
        count = getattr(queue, state)
        if count != 0:
            found[DEPTHS[state]] = UNKNOWN if count is None else count
    if queue.oldest_queued_at is not None and (waited := int(at - queue.oldest_queued_at)) > 0:
        found[DEPTHS["oldest_seconds"]] = waited
    return found


def _sums(all_depths) -> dict[str, int]:
    sums = Counter()
    for depths in all_depths:
        for letter, number in depths.items():
            if number == UNKNOWN:
                continue
            if letter == DEPTHS["oldest_seconds"]:
                sums[letter] = max(sums[letter], number)
            else:
                sums[letter] += number
    return dict(sums)


def _put_highest(into, depths) -> None:
    for letter, number in depths.items():
        into[letter] = number if letter not in into else _higher(into[letter], number)


def _higher(known, new):
    """The higher of a number that stands there, perhaps not one of ours, and a new one."""
    try:
        return max(int(known), int(new))
    except (TypeError, ValueError):
        return new


def _ended(rows, first, last) -> int | None:
    letters = [COUNTERS[name] for name in ("succeeded", "retried", "failed")]
    found = [row for at, row in rows.items() if first <= at < last]
    return sum(row.get(letter) or 0 for row in found for letter in letters) if found else None
