"""Numbers over time as they are read back: slots of one length, the unknown ones apart from the empty ones.  Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from queue_core.histogram import LAST, quantile
from queue_core.tally import COUNTERS, FAILING, FLOWS, RUN, WAIT
from queue_core.tiers import Span, Tier

COUNTS, TIMES, DEPTHS_OF, FLOW = "counts", "times", "depths", "flow"
"""The families of numbers: what a hash of Redis holds."""

LONGEST_NAME_BYTES = 500
"""What has a longer name has no numbers of its own."""

DEPTHS = {"queued": "q", "active": "a", "scheduled": "c", "error": "e", "oldest_seconds": "o", "workers": "w"}
"""What is looked at once a minute, and the letter that it has in Redis."""

UNKNOWN = b"?"
SEEN = "w"
"""The letter that says, for all queues together, that somebody looked in that minute."""
UNCOUNTED = "n"
"""The letter that says, beside it, that depths alone were looked at, so that what ran, came and went is unknown."""

_COUNTER_OF = {letter: name for name, letter in COUNTERS.items()}
_FLOW_OF = {letter: name for name, letter in FLOWS.items()}
_DEPTH_OF = {letter: name for name, letter in DEPTHS.items()}


@dataclass(frozen=True)
class Slot:
    """One step of time.  counts: by counter; None: nobody was there to count.

    depths: the highest that was seen, by name; None: nobody looked, and a single None: it could not be told.
    flow: at least so many tasks became ready and were taken, and how many errors came; None: nobody counted."""

    at: float
    seconds: int
    counts: Mapping[str, int] | None
    depths: Mapping[str, int | None] | None
    flow: Mapping[str, int] | None = None

    def count(self, *names: str) -> int | None:
        return None if self.counts is None else sum(self.counts.get(name, 0) for name in names)

    def seen(self, name: str) -> int | None:
        return None if self.flow is None else self.flow.get(name, 0)

    def depth(self, name: str) -> int | None:
        return None if self.depths is None else self.depths.get(name)


@dataclass(frozen=True)
class TimesSlot:
    """One step of time.  waits, runs, failing: {bucket: how many}; see `queue_core.histogram`.

    failing: of the last runs of tasks that came into error, whoever ran them."""

    at: float
    seconds: int
    waits: Mapping[int, int] = field(default_factory=Counter)
    runs: Mapping[int, int] = field(default_factory=Counter)
    failing: Mapping[int, int] = field(default_factory=Counter)

    def wait(self, share: float) -> float | None:
        return quantile(self.waits, share)

    def run(self, share: float) -> float | None:
        return quantile(self.runs, share)

    def failed_run(self, share: float) -> float | None:
        return quantile(self.failing, share)


@dataclass(frozen=True)
class Series:
    """kind: all | queue | function; slots and times: the oldest first; the last one of each is not over yet."""

    kind: str
    name: str
    span: Span
    read_at: float
    slots: tuple[Slot, ...]
    times: tuple[TimesSlot, ...]

    def total(self, *names: str) -> int | None:
        """Of counters over the whole span; None when no run was counted in it at all: whoever ran does not report."""
        known = [slot.counts for slot in self.slots if slot.counts]
        return sum(counts.get(name, 0) for counts in known for name in names) if known else None

    def seen(self, name: str) -> int | None:
        """Of a flow over the whole span; None when nobody looked in all of it."""
        known = [slot.flow for slot in self.slots if slot.flow is not None]
        return sum(flow.get(name, 0) for flow in known) if known else None

    def failed_run(self, share: float) -> float | None:
        return quantile(_merged(slot.failing for slot in self.times), share)

    def wait(self, share: float) -> float | None:
        return quantile(_merged(slot.waits for slot in self.times), share)

    def run(self, share: float) -> float | None:
        return quantile(_merged(slot.runs for slot in self.times), share)

    def lines(self) -> list[tuple[Slot, TimesSlot]]:
        """The same in few steps, of `span.line_seconds`, the oldest first."""
        step = self.span.line_seconds
        slots, times = _by_step(self.slots, step), _by_step(self.times, step)
        return [
            (_merged_slot(at, step, slots.get(at, ())), _merged_times(at, step, times.get(at, ())))
            for at in sorted(slots)
        ]

    @property
    def highest(self) -> Mapping[str, int | None]:
        """Of each depth over the whole span; None where it was never known."""
        return {name: max(_known(slot.depth(name) for slot in self.slots), default=None) for name in DEPTHS}


@dataclass(frozen=True)
class Trend:
    """Of all queues together; None: unknown.  runs: that ended within the last hour; runs_before: within the same hour
    a day ago; errors_before: tasks in error an hour ago."""

    runs: int | None
    runs_before: int | None
    errors_before: int | None


def _by_step(slots, seconds) -> dict[int, list]:
    found: dict[int, list] = {}
    for slot in slots:
        found.setdefault(int(slot.at // seconds * seconds), []).append(slot)
    return found


def _merged_slot(at, seconds, slots) -> Slot:
    counts, depths = _known(slot.counts for slot in slots), _known(slot.depths for slot in slots)
    flows = _known(slot.flow for slot in slots)
    highest = {name: max(_known(one.get(name) for one in depths), default=None) for name in DEPTHS}
    merged = (_merged(each) if each else None for each in (counts, flows))
    return Slot(at, seconds, next(merged), highest if depths else None, next(merged))


def _merged_times(at, seconds, times) -> TimesSlot:
    merged = (_merged(getattr(slot, name) for slot in times) for name in ("waits", "runs", "failing"))
    return TimesSlot(at, seconds, *merged)


def _known(values):
    return [value for value in values if value is not None]


def _merged(counts: Iterable[Mapping]) -> Counter:
    merged = Counter()
    for each in counts:
        merged.update(each)
    return merged


# -- from the hashes of Redis --


class Columns:
    """The numbers of one family and one tier, by slot of the tier: {moment: {letter or letter and bucket: number}}."""

    def __init__(self, tier: Tier):
        self._tier = tier
        self.rows: dict[float, dict[str, int | None]] = {}

    def read(self, chunk: int, fields) -> None:
        """Takes the fields of one hash; whatever else Redis may have held there is left out."""
        if not isinstance(fields, dict):
            return
        for raw, value in fields.items():
            place = self._tier.read_field(chunk, raw)
            if place is not None:
                self.rows.setdefault(place[0], {})[place[1]] = _number(value)


def _number(raw) -> int | None:
    # more digits than any count of ours has are somebody else's
    if not isinstance(raw, bytes) or not 0 < len(raw) <= 18:
        return None
    try:
        return int(raw)
    except ValueError:
        return None


def slots(
    span: Span, now: float, counts: Columns, depths: Columns | None, seen: Columns, flow: Columns | None = None
) -> tuple[Slot, ...]:
    """depths, flow: None for what has none.  seen: depths of all queues, which tell when somebody looked."""
    starts = span.slots(now, span.slot_seconds)
    counted, watched = (_gathered(columns.rows, span.slot_seconds) for columns in (counts, seen))
    counting = {at for at, rows in watched.items() if all(map(is_counting, rows))}
    looked, flowed = (None if each is None else _gathered(each.rows, span.slot_seconds) for each in (depths, flow))
    return tuple(
        Slot(
            at,
            span.slot_seconds,
            _counts(counted.get(at), at in counting, _COUNTER_OF),
            _depths(looked.get(at), watched.get(at)) if looked is not None else None,
            _counts(flowed.get(at), at in counting, _FLOW_OF) if flowed is not None else None,
        )
        for at in starts
    )


def is_counting(row) -> bool:
    """row: of the depths of all queues.  Whether somebody looked who also counted what came and went."""
    return SEEN in row and UNCOUNTED not in row


def times(span: Span, now: float, found: Columns) -> tuple[TimesSlot, ...]:
    gathered = _gathered(found.rows, span.times_seconds)
    return tuple(
        TimesSlot(at, span.times_seconds, *(_buckets(gathered.get(at), letter) for letter in (WAIT, RUN, FAILING)))
        for at in span.slots(now, span.times_seconds)
    )


def _gathered(rows, slot_seconds) -> dict[int, list[dict]]:
    gathered: dict[int, list[dict]] = {}
    for at, row in rows.items():
        gathered.setdefault(int(at // slot_seconds * slot_seconds), []).append(row)
    return gathered


def _counts(rows, was_counting, names) -> dict[str, int] | None:
    if not rows:
        return {} if was_counting else None
    counts = Counter()
    for row in rows:
        for letter, number in row.items():
            if letter in names and number is not None:
                counts[names[letter]] += number
    return {name: number for name, number in counts.items() if number > 0}


def _depths(rows, watched) -> dict[str, int | None] | None:
    if not watched:
        return None
    highest: dict[str, int | None] = dict.fromkeys(DEPTHS, 0)
    for row in rows or ():
        for letter, number in row.items():
            name = _DEPTH_OF.get(letter)
            if name is not None:
                known = highest[name]
                highest[name] = None if number is None or known is None else max(known, number)
    return highest


def _buckets(rows, letter) -> Counter:
    counts = Counter()
    for row in rows or ():
        for name, number in row.items():
            if name[0] == letter and name[1:].isdigit() and int(name[1:]) <= LAST and number and number > 0:
                counts[int(name[1:])] += number
    return counts
