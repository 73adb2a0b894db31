"""The record of an operation: what it is, how far it is, and how long it will still take."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from queue_core import states
from queue_core.operations.plan import Plan
from queue_core.text import json_object, to_text

VERBS = {
    "retry": "retry", "delete": "delete", "purge": "delete", "clear": "delete", "restore": "restore", "move": "move",
    "reschedule": "reschedule",
}  # fmt: skip
"""Verb of an operation -> the script that does it to one task.  restore brings back what another one deleted;
a move takes back what another one moved, when it undoes that."""

RUNNING, PAUSED, DONE, CANCELLED = "running", "paused", "done", "cancelled"

_PREFIX = b"error:"
_ITS_OWN_REASONS = ("canary: ", "its query cannot be read here")


GONE, MOVED_ON, WAITING = "gone, presumably succeeded", "moved on", "still waiting or running"


@dataclass(frozen=True)
class Outcomes:
    """What became of the tasks that a retry released.  followed: of how many this is known or will be.

    succeeded: a worker of ours finished them.  failed_same, failed_other: in error again with the same or another
    error than before; failed_unknown: nobody read with which.  gone: in no state any more, though no worker of ours
    finished them: most likely one of TaskTiger's did.  moved_on: moved, deleted or cancelled before they ran.
    errors: ((class, tasks), …) of failed_other, most first, at most 20 classes; more_errors: tasks of further ones."""

    followed: int = 0
    succeeded: int = 0
    failed_same: int = 0
    failed_other: int = 0
    failed_unknown: int = 0
    gone: int = 0
    moved_on: int = 0
    errors: tuple = ()
    more_errors: int = 0

    @property
    def failed(self) -> int:
        return self.failed_same + self.failed_other + self.failed_unknown

    @property
    def waiting(self) -> int:
        """Those that wait or run, as far as is known."""
        return max(self.followed - self.succeeded - self.failed - self.gone - self.moved_on, 0)

    @property
    def others(self) -> list[tuple[int, str]]:
        """(how many, in words) of those that neither succeeded nor failed again, as far as there are any."""
        found = ((self.gone, GONE), (self.moved_on, MOVED_ON), (self.waiting, WAITING))
        return [(count, words) for count, words in found if count]


def summed(each: Iterable[Outcomes]) -> Outcomes:
    """The outcomes of several operations as those of one."""
    each = list(each)
    counts = {name: sum(getattr(one, name) for one in each) for name in _COUNTED}
    errors = sum((Counter(dict(one.errors)) for one in each), Counter())
    return Outcomes(**counts, errors=_most_first(errors))


def _most_first(errors: dict) -> tuple:
    return tuple(sorted(errors.items(), key=lambda pair: (-pair[1], pair[0])))


def _read_outcomes(fields: dict) -> Outcomes:
    counts = {name: int(fields.get(name.encode(), 0)) for name in _COUNTED}
    errors = {to_text(name[len(_PREFIX) :]): int(count) for name, count in fields.items() if name.startswith(_PREFIX)}
    return Outcomes(**counts, errors=_most_first(errors))


_COUNTED = (
    "followed", "succeeded", "failed_same", "failed_other", "failed_unknown", "gone", "moved_on", "more_errors",
)  # fmt: skip


MIN_RATE, MAX_RATE = 0.01, 100_000.0
"""Tasks a second that an operation can be held to."""


def shares(rate: float, sizes: list[int]) -> list[float]:
    """A rate, shared by operations of so many tasks; 0 stays 0: as fast as it goes."""
    whole = sum(sizes)
    return [max(rate * size / whole, MIN_RATE) if rate and whole else 0.0 for size in sizes]


@dataclass(frozen=True)
class Operation:
    """status: running | paused | done | cancelled.  matched: tasks in the selection at its start; skipped: could
    not be acted on; stayed: those of them that are still there, such as without a payload; the others were gone.

    not_after: tasks with a later score are left alone.  selected: single tasks were chosen.  rate: tasks a second, 0:
    as fast as it goes.  to_trash: what it deletes can come back.  undoes: the operation whose tasks it brings back.
    canary: so many tasks go ahead, at the head of the queue; the rest waits up to canary_seconds for them and goes on
    when no more than canary_failures fail again.  canary_state: waiting | following: the canary of another operation
    decides | passed | empty: there is none.  together: the ids of those that were started with it, it among them; the
    first one has the canary of all.
    paused_at, paused_because: since when it stands still, and why.  rested_seconds: how long it
    stood still before.  outcomes: of a retry, what became of the tasks.  retries: the operation whose failed part this
    one retries.  query: which of the selection are meant, see `queue_core.query`; passed_by: looked at and not meant,
    so that `matched` is how many are looked at.  masked_by: the rules of `queue_core.masking` by which the query sees
    tasks, those of the person who asked; empty: it sees all.
    to_queue: where a move leads.  shift_seconds, due_at, spread_seconds: what a reschedule gives them, see
    `Plan`; not_before: tasks with a lower score are left alone; frozen: so many places a spread has."""

    id: str
    verb: str
    queue: str
    state: str
    actor: str
    door: str
    reason: str
    status: str
    matched: int
    done: int
    skipped: int
    created_at: float
    ended_at: float | None
    not_after: float | None
    selected: bool
    to_trash: bool = False
    undoes: str | None = None
    canary: int = 0
    canary_seconds: float = 0.0
    canary_failures: int = 0
    canary_state: str = ""
    rate: float = 0.0
    paused_at: float | None = None
    paused_because: str = ""
    rested_seconds: float = 0.0
    stayed: int = 0
    passed_by: int = 0
    query: str = ""
    masked_by: tuple[str, ...] = ()
    outcomes: Outcomes = Outcomes()
    retries: str | None = None
    together: tuple[str, ...] = ()
    to_queue: str = ""
    shift_seconds: float | None = None
    due_at: float | None = None
    spread_seconds: float | None = None
    not_before: float | None = None
    frozen: int = 0

    @property
    def plan(self) -> Plan:
        return Plan(self.to_queue, self.shift_seconds, self.due_at, self.spread_seconds, self.not_before)

    @property
    def takes_back(self) -> bool:
        """Whether it undoes a move."""
        return self.verb == "move" and bool(self.undoes)

    @property
    def queues(self) -> list[str]:
        """All that it touches."""
        return [self.queue, self.to_queue] if self.to_queue else [self.queue]

    @property
    def ended(self) -> bool:
        return self.status not in (RUNNING, PAUSED)

    @property
    def waits_for_canary(self) -> bool:
        return self.canary_state == "waiting" and not self.ended

    @property
    def follows_canary(self) -> bool:
        return self.canary_state == "following" and not self.ended

    @property
    def paused(self) -> bool:
        return self.status == PAUSED

    @property
    def paused_itself(self) -> bool:
        """Whether it stands still since something was wrong, and not because somebody wanted it to."""
        return self.paused and self.paused_because.startswith(_ITS_OWN_REASONS)

    @property
    def met(self) -> int:
        return self.done + self.skipped + self.passed_by

    @property
    def remaining(self) -> int:
        return max(self.matched - self.met, 0)

    @property
    def gone(self) -> int:
        return max(self.skipped - self.stayed, 0)

    @property
    def percent(self) -> int:
        return 100 * self.met // self.matched if self.matched else 100

    def seconds_left(self, now: float) -> float | None:
        """About how long it will still take; None when it has ended, stands still, or has met nothing to judge by."""
        if self.status != RUNNING or self.waits_for_canary or self.follows_canary:
            return None
        if self.rate and not self.query:
            return self.remaining / self.rate
        worked_seconds = now - self.created_at - self.rested_seconds
        return self.remaining * worked_seconds / self.met if self.met and worked_seconds > 0 else None


@dataclass(frozen=True)
class Together:
    """Operations that were started as one act on several queues, and their sums; the first has the canary of all."""

    operations: tuple[Operation, ...]

    @property
    def matched(self) -> int:
        return self._sum("matched")

    @property
    def done(self) -> int:
        return self._sum("done")

    @property
    def skipped(self) -> int:
        return self._sum("skipped")

    @property
    def stayed(self) -> int:
        return self._sum("stayed")

    @property
    def gone(self) -> int:
        return self._sum("gone")

    @property
    def passed_by(self) -> int:
        return self._sum("passed_by")

    @property
    def met(self) -> int:
        return self._sum("met")

    @property
    def remaining(self) -> int:
        return self._sum("remaining")

    @property
    def query(self) -> str:
        return self.operations[0].query if self.operations else ""

    @property
    def rate(self) -> float:
        """Tasks a second of those that have not ended; 0 when one of them goes as fast as it can."""
        rates = [one.rate for one in self.open]
        return sum(rates) if all(rates) else 0.0

    @property
    def paused(self) -> bool:
        """Whether nothing of it goes on, though it has not ended."""
        return bool(self.open) and all(one.paused for one in self.open)

    @property
    def statuses(self) -> list[tuple[str, int]]:
        """How many stand so, what wants a look first; those that none is left out."""
        counts = Counter(one.status for one in self.operations)
        return [(one, counts[one]) for one in (PAUSED, RUNNING, DONE, CANCELLED) if counts[one]]

    def seconds_left(self, now: float) -> float | None:
        """About how long the last of those that go on will still take; None when one of them cannot tell."""
        left = [one.seconds_left(now) for one in self.open if not one.paused]
        return max(left) if left and None not in left else None

    @property
    def percent(self) -> int:
        return 100 * self.met // self.matched if self.matched else 100

    @property
    def open(self) -> tuple[Operation, ...]:
        """Those that have not ended."""
        return tuple(one for one in self.operations if not one.ended)

    @property
    def outcomes(self) -> Outcomes:
        return summed(one.outcomes for one in self.operations)

    def _sum(self, name):
        return sum(getattr(one, name) for one in self.operations)


def read_operation(operation_id: str, fields: dict) -> Operation | None:
    """The operation in the fields of its record; None when they are not such a record."""
    try:
        operation = Operation(
            id=operation_id,
            status=to_text(fields[b"status"]),
            matched=int(fields[b"matched"]),
            done=int(fields[b"done"]),
            skipped=int(fields[b"skipped"]),
            ended_at=_moment(fields, b"ended_at"),
            rate=float(fields.get(b"rate", 0)),
            paused_at=_moment(fields, b"paused_at"),
            paused_because=to_text(fields.get(b"paused_because", b"")),
            canary_state=to_text(fields.get(b"canary", b"")),
            stayed=int(fields.get(b"stayed", 0)),
            passed_by=int(fields.get(b"passed_by", 0)),
            rested_seconds=float(fields.get(b"rested_seconds", 0)),
            outcomes=_read_outcomes(fields),
            **_written(fields[b"record"]),
        )
    except (KeyError, ValueError, TypeError):
        return None
    return operation if _is_sound(operation) else None


def _written(record: bytes) -> dict:
    found = json_object(record)
    return found | {name: tuple(found.get(name) or ()) for name in ("together", "masked_by")}


def _moment(fields, name):
    return float(fields[name]) if name in fields else None


def _is_sound(operation) -> bool:
    texts = (operation.verb, operation.queue, operation.state, operation.actor, operation.door, operation.reason)
    moments = (operation.created_at, operation.ended_at or 0, operation.not_after or 0)
    times = (operation.shift_seconds, operation.due_at, operation.spread_seconds, operation.not_before)
    return (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(moment, (int, float)) and not math.isnan(moment) for moment in moments)
        and all(one is None or (type(one) in (int, float) and math.isfinite(one)) for one in times)
        and isinstance(operation.to_queue, str)
        and (operation.verb == "move") == bool(operation.to_queue)
        and (operation.verb == "reschedule") == any(one is not None for one in times[:3])
        and isinstance(operation.canary_seconds, (int, float))
        and all(type(one) is int for one in (operation.canary, operation.canary_failures, operation.frozen))
        and bool(operation.selected or operation.undoes or operation.not_after is not None)
        and 0 <= operation.rate < math.inf
        and operation.verb in VERBS
        and all(isinstance(one or "", str) for one in (operation.undoes, operation.retries, operation.query))
        and all(isinstance(one, str) for one in (*operation.together, *operation.masked_by))
        and (operation.verb != "restore" or bool(operation.undoes))
        and (not operation.undoes or operation.verb in ("restore", "move"))
        and operation.state in states.ALL
    )
