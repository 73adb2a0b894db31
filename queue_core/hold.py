"""A hold as a record, whom it covers, and where the tasks wait that stand aside.  Pure.

A task that stands aside is scheduled so far ahead that nobody takes it, and its score still says where it was: so no
other record is needed to bring it back, whoever moved, deleted or restored it meanwhile.
"""

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass

from queue_core.execution import read_execution
from queue_core.fingerprint import fingerprint
from queue_core.text import json_object, shown, to_bytes, to_text

ASIDE_AT = 2.0**34
"""In the year 2514: added to the score that a task had while it was queued.  The sum is exact to 4 microseconds."""

_LATEST_PLACE = 2.0**32 - 1

FUNCTION, GROUP = "function", "group"
MOST_NAME_CHARACTERS = 200
MOST_FUNCTIONS = 20


def aside_score(place: float) -> float:
    """The score in scheduled of a task that was queued with the score `place`."""
    return ASIDE_AT + min(max(place, 0.0), _LATEST_PLACE)


def place_of(score: float) -> float:
    """The score that a task which stands aside had while it was queued."""
    return score - ASIDE_AT


def aside_range(now: float) -> tuple[float, float]:
    """The lowest and the highest score of tasks that stand aside."""
    return ASIDE_AT, ASIDE_AT + _LATEST_PLACE


def stands_aside(score: float | None, now: float) -> bool:
    """Whether a score in scheduled says that the task waits for the end of a hold."""
    lowest, highest = aside_range(now)
    return score is not None and lowest <= score <= highest


def held_place(score: float | None, now: float) -> float | None:
    """Since when a task was queued that waits aside now, by its score in scheduled; None for what is not held."""
    return place_of(score) if score is not None and stands_aside(score, now) else None


@dataclass(frozen=True)
class Hold:
    """kind: function | group.  name: the function's wire name, or the id of the error group.  queue: None: all.

    functions: of a group, those whose tasks are looked at; none: all.  title: what people call it.
    until_at: Unix seconds, None until released.  known: False for a record that cannot be read; it covers nothing."""

    id: str
    kind: str
    name: str
    queue: str | None = None
    functions: tuple[str, ...] = ()
    title: str = ""
    by: str = ""
    door: str = ""
    reason: str = ""
    since_at: float | None = None
    until_at: float | None = None
    known: bool = True

    def has_ended(self, now: float) -> bool:
        return self.until_at is not None and self.until_at <= now

    def may_cover(self, func: str | None, queue: str) -> bool:
        """Whether a task of that function in that queue is held; of a group: if it last failed in that way."""
        if not self.known or func is None or self.queue not in (None, queue):
            return False
        if self.kind == FUNCTION:
            return _named(func) == self.name
        return not self.functions or _named(func) in self.functions


def hold_id(kind: str, name: str, queue: str | None) -> str:
    """The same for the same, so that holding again replaces reason and end."""
    words = "\0".join((kind, name, "all" if queue is None else f"in {queue}"))
    return hashlib.sha256(to_bytes(words)).hexdigest()[:16]


def made(kind, name, queue, *, functions=(), title="", by, door, reason, since_at, until_at) -> Hold:
    """A new hold, with the names as they are compared."""
    name = _named(name) if kind == FUNCTION else name
    return Hold(
        id=hold_id(kind, name, queue),
        kind=kind,
        name=name,
        queue=queue,
        functions=tuple(map(_named, functions)) if len(functions) < MOST_FUNCTIONS else (),
        title=title or name,
        by=by,
        door=door,
        reason=reason,
        since_at=since_at,
        until_at=until_at,
    )


def written(hold: Hold) -> bytes:
    fields = ("kind", "name", "queue", "functions", "title", "by", "door", "reason", "since_at", "until_at")
    return json.dumps({name: getattr(hold, name) for name in fields}).encode()


def read_holds(rows: dict) -> list[Hold]:
    """The holds in a hash of Redis, the newest last; what cannot be read covers nothing."""
    found = [_read(to_text(name), raw) for name, raw in rows.items()]
    return sorted(found, key=lambda one: (one.since_at or 0.0, one.id))


def _read(name: str, raw) -> Hold:
    found = json_object(raw)
    texts = {field: found.get(field) for field in ("kind", "name", "title", "by", "door", "reason")}
    queue, functions = found.get("queue"), found.get("functions")
    since_at, until_at = _moment(found.get("since_at")), _moment(found.get("until_at"))
    is_sound = (
        texts["kind"] in (FUNCTION, GROUP)
        and all(isinstance(one, str) for one in texts.values())
        and isinstance(queue, str | None)
        and isinstance(functions, list)
        and all(isinstance(one, str) for one in functions)
        and (until_at is not None or found.get("until_at") is None)
    )
    if not is_sound:
        return Hold(name, "unknown", name, title="a record that cannot be read", known=False)
    return Hold(name, **texts, queue=queue, functions=tuple(functions), since_at=since_at, until_at=until_at)


def _moment(value) -> float | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < 1e300 and math.isfinite(value) else None


def _named(func: str) -> str:
    return shown(func)[:MOST_NAME_CHARACTERS]


@dataclass(frozen=True)
class Waiting:
    """How many tasks stand aside, when that was counted.  queues: ((name, tasks), …), most first, at most 100."""

    taken_at: float
    total: int
    queues: tuple[tuple[str, int], ...] = ()


def write_waiting(now: float, counts: dict[str, int], most: int = 100) -> bytes:
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return json.dumps({"taken_at": now, "total": sum(counts.values()), "queues": ordered[:most]}).encode()


def read_waiting(raw) -> Waiting | None:
    """None when it is none."""
    found = json_object(raw)
    try:
        queues = tuple((str(name), int(count)) for name, count in found["queues"])
        return Waiting(float(found["taken_at"]), int(found["total"]), queues)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def newest_fingerprint(newest: bytes, tail: bytes) -> str | None:
    """The error group of a task by its newest failed run, as `glimpse` gives that; None without one."""
    if not newest:
        return None
    execution = read_execution(0, to_text(newest), to_text(tail))
    return fingerprint(execution.exception_name, execution.traceback).id


def id_covering(ids: Iterable[str], func: str, queue: str, fingerprint_of) -> str | None:
    """The id of the hold that a task waits for, where only the ids of all holds are known; else None.

    fingerprint_of(): of its newest failed run."""

    def held(kind, name):
        return next((one for one in (hold_id(kind, name, None), hold_id(kind, name, queue)) if one in ids), None)

    by_function = held(FUNCTION, _named(func))
    if by_function is not None:
        return by_function
    group = fingerprint_of()
    return None if group is None else held(GROUP, group)


def first_covering(holds: Iterable[Hold], func: str | None, queue: str, fingerprint_of) -> Hold | None:
    """The hold that a task waits for, or None.  fingerprint_of(): of its newest failed run; asked only if needed."""
    may = [one for one in holds if one.may_cover(func, queue)]
    by_function = next((one for one in may if one.kind == FUNCTION), None)
    if by_function is not None or not may:
        return by_function
    found = fingerprint_of()
    return next((one for one in may if one.name == found), None)
