"""Error groups as records: what failed runs of one cause have in common, how many there are, and since when.  Pure."""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from queue_core.text import json_object, to_bytes, to_text

HOUR_SECONDS = 3600
KEPT_HOURS = 7 * 24
DAY_HOURS = 24
NEW_SECONDS = 86_400
RISING_AT_LEAST = 10
RISING_FACTOR = 3

NEW, RISING, QUIET, REGRESSED = "new", "rising", "quiet", "regressed after deploy"


@dataclass(frozen=True)
class ErrorGroup:
    """One cause.  tasks: how many of those known by id are in error; seen: failures that were ever counted.

    first_at, last_at: its oldest and newest failure.  hours: {hours since 1970: failures}, of a week.
    functions, queues, hosts: ((name, failures), …), most first; at most 20 of each.  complete: no more than `tasks` are
    in it.  checked_at: when it was last looked whether its tasks are still in error."""

    id: str
    exception: str
    title: str
    culprit: str
    grouped: bool
    tasks: int
    seen: int
    first_at: float
    last_at: float
    hours: dict[int, int] = field(default_factory=dict)
    functions: tuple = ()
    queues: tuple = ()
    hosts: tuple = ()
    checked_at: float | None = None

    def by_hour(self, now: float, count: int = DAY_HOURS) -> list[int]:
        """Failures in each of the last `count` hours of the clock, the current one last."""
        last = hour_of(now)
        return [self.hours.get(hour, 0) for hour in range(last - count + 1, last + 1)]

    def within(self, hours: int, now: float) -> int:
        """Failures in the current hour of the clock and those before it, `hours` in all."""
        return sum(self.by_hour(now, hours))

    def tags(self, now: float, deployed_at: float | None = None) -> tuple[str, ...]:
        """Of regressed after deploy, new, rising and quiet those that hold.  deployed_at: the newest deploy."""
        found = []
        if deployed_at is not None and self._came_with(deployed_at):
            found.append(REGRESSED)
        if now - self.first_at < NEW_SECONDS:
            found.append(NEW)
        if self._rises(now):
            found.append(RISING)
        if not self.within(DAY_HOURS, now):
            found.append(QUIET)
        return tuple(found)

    def _rises(self, now) -> bool:
        counts = self.by_hour(now)
        newest, earlier = sum(counts[-2:]), sum(counts[:-2]) / (DAY_HOURS - 2) * 2
        return newest >= RISING_AT_LEAST and newest >= RISING_FACTOR * earlier

    def _came_with(self, deployed_at) -> bool:
        """Whether it failed in the day after that moment, and not in the day before."""
        hour = hour_of(deployed_at)
        before = any(self.hours.get(one) for one in range(hour - DAY_HOURS, hour))
        after = any(self.hours.get(one) for one in range(hour, hour + DAY_HOURS))
        return after and not before and self.last_at >= deployed_at


@dataclass(frozen=True)
class GroupSummary:
    """All groups, newest failure first.  remaining: errors that are still to be read; None: unknown."""

    taken_at: float
    remaining: int | None
    groups: tuple[ErrorGroup, ...]


@dataclass(frozen=True)
class GroupTasks:
    """tasks: (queue, task id, failed at), the newest failure first.  next_cursor: where older ones begin, else None."""

    tasks: list[tuple[str, str, float]]
    total: int
    first_rank: int
    next_cursor: str | None


@dataclass(frozen=True)
class Shared:
    """What the arguments of tasks have in common.  name: such as `tenant`, or `argument 1`; value: JSON.

    share: of the tasks that were looked at, from 0 to 1."""

    name: str
    value: str
    share: float


@dataclass(frozen=True)
class Note:
    """What people say about a group.  snoozed_until: not among the new and rising ones before that moment."""

    text: str = ""
    by: str = ""
    at: float = 0.0
    snoozed_until: float | None = None


@dataclass(frozen=True)
class Deploy:
    """Another version of the application went live."""

    at: float
    by: str
    text: str


def hour_of(at: float) -> int:
    return math.floor(at / HOUR_SECONDS)


# -- members: a queue and a task id as one value of bytes --


def member(queue: str, task_id: str) -> bytes:
    raw = to_bytes(queue)
    return b"%d:" % len(raw) + raw + to_bytes(task_id)


def place(raw: bytes) -> tuple[str, str] | None:
    """(queue, task id) of a member; None when it is none."""
    size, colon, rest = raw.partition(b":")
    if not colon or not size.isdigit() or len(size) > 9 or int(size) > len(rest):
        return None
    return to_text(rest[: int(size)]), to_text(rest[int(size) :])


# -- to Redis and back --


def facts_of(fingerprint) -> bytes:
    return json.dumps({name: value for name, value in asdict(fingerprint).items() if name != "id"}).encode()


def read_group(group_id: str, fields: dict, tasks: int, last_at: float) -> ErrorGroup | None:
    """The group in a hash of Redis; None when it is none."""
    facts = json_object(fields.get(b"facts"))
    counted = {name: _whole(value) for name, value in fields.items()}
    if not all(isinstance(facts.get(name), str) for name in ("exception", "title", "culprit")):
        return None
    return ErrorGroup(
        id=group_id,
        exception=facts["exception"],
        title=facts["title"],
        culprit=facts["culprit"],
        grouped=facts.get("grouped") is True,
        tasks=tasks,
        seen=counted.get(b"seen", 0),
        first_at=_moment(fields.get(b"first_at")) or last_at,
        last_at=last_at,
        hours={_whole(name[5:]): count for name, count in counted.items() if name.startswith(b"hour:")},
        functions=_most(counted, b"function:"),
        queues=_most(counted, b"queue:"),
        hosts=_most(counted, b"host:"),
        checked_at=_moment(fields.get(b"checked_at")),
    )


def old_hours(fields: Iterable[bytes], now: float) -> list[bytes]:
    """The names of counts that are older than a week."""
    first = hour_of(now) - KEPT_HOURS
    return [name for name in fields if name.startswith(b"hour:") and _whole(name[5:]) < first]


def written(summary: GroupSummary) -> bytes:
    return json.dumps(asdict(summary)).encode()


def read_summary(raw: bytes | None) -> GroupSummary | None:
    """The summary in a value of Redis; None when it is none."""
    try:
        found = json.loads(raw or b"")
        groups = tuple(_group(one) for one in found["groups"])
        remaining = found["remaining"]
        return GroupSummary(float(found["taken_at"]), None if remaining is None else int(remaining), groups)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None


def _group(fields) -> ErrorGroup:
    pairs = {name: tuple((str(one), int(count)) for one, count in fields[name]) for name in _LISTS}
    hours = {int(hour): int(count) for hour, count in fields["hours"].items()}
    numbers = {name: float(fields[name]) for name in ("first_at", "last_at")}
    checked_at = None if fields["checked_at"] is None else float(fields["checked_at"])
    texts = {name: str(fields[name]) for name in ("id", "exception", "title", "culprit")}
    counts = {name: int(fields[name]) for name in ("tasks", "seen")}
    return ErrorGroup(
        **texts, **counts, **numbers, **pairs, grouped=bool(fields["grouped"]), hours=hours, checked_at=checked_at
    )


_LISTS = ("functions", "queues", "hosts")


def read_note(raw) -> Note:
    found = json_object(raw)
    texts = {name: found[name] for name in ("text", "by") if isinstance(found.get(name), str)}
    until = _moment(found.get("snoozed_until"))
    return Note(**texts, at=_moment(found.get("at")) or 0.0, snoozed_until=until)


def read_deploy(raw) -> Deploy | None:
    found = json_object(raw)
    at = _moment(found.get("at"))
    return None if at is None else Deploy(at, str(found.get("by") or ""), str(found.get("text") or ""))


def _most(counted, kind) -> tuple:
    names = [(to_text(name[len(kind) :]), count) for name, count in counted.items() if name.startswith(kind)]
    return tuple(sorted(names, key=lambda pair: (-pair[1], pair[0])))


def _whole(value) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


def _moment(value) -> float | None:
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None
