"""The conditions that are told as alerts, seen in what is known of the queues.  Pure.

What could not be read is None among the facts, and nothing is concluded from it.
"""

import functools
import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from queue_core.alert import (
    CRITICAL,
    ERRORS,
    HOLD,
    INFO,
    OPERATION,
    PAUSE,
    QUEUE,
    WARNING,
    Alert,
    Look,
    Sight,
)
from queue_core.alert_words import NAME_CHARACTERS, duration, moment, plain, plural
from queue_core.error_group import NEW, REGRESSED, RISING, ErrorGroup, Note
from queue_core.hold import GROUP, Hold
from queue_core.masking import Masking
from queue_core.text import shown, to_bytes

UNSERVED_SECONDS = 60.0
"""A task that nobody serves has waited at least so long: workers come and go."""

DEPLOY_SECONDS = 86_400.0
_MOST_UNSERVED = 200
_SHOWN_QUEUES = 3
_NEWEST_HOURS = 2
_LONGEST_NAME_BYTES = 300


@dataclass(frozen=True)
class Limits:
    """0: never.  messages: whether messages of errors are told.  masking: hides what looks like a secret."""

    waiting_seconds: float
    ending_seconds: float
    messages: bool = True
    masking: Masking = field(default_factory=Masking)


@dataclass(frozen=True)
class Facts:
    """What is known now; None: unknown.

    counts: {queue: QueueCounts}.  groups: of errors, by id.  notes: {group: Note}.  deployed_at: the newest deploy,
    -inf for none.  operations: those that have not ended.  pauses, holds: that hold now.  ran_lately: asked whether a
    worker of ours ended a run of that queue in the last day.  unserved: asked which of some queues no living worker of
    ours serves, None when that cannot be told.  unserved_before: keys of
    the queues of which that was told and is not over."""

    now: float
    counts: dict | None = None
    groups: dict[str, ErrorGroup] | None = None
    notes: dict[str, Note] | None = None
    deployed_at: float | None = None
    operations: list | None = None
    pauses: list | None = None
    holds: list[Hold] | None = None
    ran_lately: object = None
    unserved: object = None
    unserved_before: frozenset[str] | None = None


def look(facts: Facts, limits: Limits) -> Look:
    """Everything that is wrong by these facts."""
    sights, unknown = [], set()
    for see in (_errors, _queues, _operations, _pauses, _holds):
        for one in see(facts, limits):
            if isinstance(one, Sight):
                sights.append(one)
            else:
                unknown.add(one)
    return Look(tuple(sights), frozenset(unknown), functools.partial(_ending, facts=facts))


def key_of(family: str, name: str) -> str:
    """A key of bounded length for a name of any."""
    return f"{family}:{hashlib.sha256(to_bytes(name)).hexdigest()[:16]}"


# -- errors --


def _errors(facts, limits) -> Iterator[Sight | str]:
    if None in (facts.groups, facts.notes, facts.holds, facts.deployed_at):
        yield ERRORS
        return
    for group in facts.groups.values():
        kind = _kind_of(group, facts)
        if kind and group.tasks and not _silence(group, facts):
            yield _error_sight(group, kind, facts, limits)


def _kind_of(group, facts) -> str | None:
    deployed_lately = facts.deployed_at if facts.now - facts.deployed_at < DEPLOY_SECONDS else None
    tags = group.tags(facts.now, deployed_lately)
    return next((kind for tag, kind in _KINDS.items() if tag in tags), None)


_KINDS = {RISING: "rising_errors", REGRESSED: "regressed_errors", NEW: "new_errors"}
_OPENINGS = {
    "rising_errors": "Errors are rising",
    "regressed_errors": "Errors came with the deploy",
    "new_errors": "New errors",
}


def _error_sight(group, kind, facts, limits) -> Sight:
    what = group.title if limits.messages else group.exception
    newest = group.within(_NEWEST_HOURS, facts.now)
    queues = ", ".join(plain(name, limits.masking, 80) for name, _ in group.queues[:_SHOWN_QUEUES])
    more = f" and {len(group.queues) - _SHOWN_QUEUES} more" if len(group.queues) > _SHOWN_QUEUES else ""
    return Sight(
        key=key_of(ERRORS, group.id),
        kind=kind,
        severity=WARNING if kind == "new_errors" else CRITICAL,
        title=f"{_OPENINGS[kind]}: {plain(what, limits.masking)}",
        details=f"{plural(group.tasks, 'task')} in error, {plural(newest, 'failure')} in this hour and the one before, "
        f"first seen {moment(group.first_at)}."
        + (f" In {queues}{more}." if queues else "")
        + (f" At {plain(group.culprit, limits.masking)}." if group.culprit else ""),
        count=group.seen,
        group_id=plain(group.id, limits.masking, NAME_CHARACTERS),
        path=_path("/errors/groups/", group.id, limits),
    )


def _silence(group, facts) -> str:
    """Why nobody wants to hear of it; empty when somebody may."""
    until = facts.notes.get(group.id, Note()).snoozed_until
    if until is not None and until > facts.now:
        return f"It is snoozed until {moment(until)}."
    everywhere = [hold for hold in facts.holds if hold.known and hold.queue is None]
    held = {hold.name for hold in everywhere if hold.kind != GROUP}
    if any(hold.kind == GROUP and hold.name == group.id for hold in everywhere):
        return "It is held."
    functions = {name for name, _ in group.functions}
    return "Its functions are held." if functions and functions <= held else ""


# -- queues --


def _queues(facts, limits) -> Iterator[Sight | str]:
    if facts.counts is None:
        yield QUEUE
        return
    waiting = {}
    for queue, one in facts.counts.items():
        if one.queued is None or (one.queued and one.oldest_queued_at is None):
            yield key_of(QUEUE, queue)
        elif one.queued and not _is_paused(one, facts.now):
            waiting[queue] = one
    unserved = _unserved(waiting, facts)
    for queue, one in waiting.items():
        if unserved is None and _was_unserved(queue, facts):
            yield key_of(QUEUE, queue)
        elif unserved is not None and queue in unserved:
            yield _queue_sight("unserved", queue, one, facts, limits)
        elif limits.waiting_seconds and facts.now - one.oldest_queued_at > limits.waiting_seconds:
            yield _queue_sight("waiting", queue, one, facts, limits)
        elif unserved is None:
            yield key_of(QUEUE, queue)


def _is_paused(counts, now) -> bool:
    return counts.paused_until is not None and counts.paused_until > now


def _unserved(waiting, facts) -> frozenset | None:
    """TaskTiger's workers are not registered, so only queues count that workers of ours have served."""
    if facts.ran_lately is None or facts.unserved is None:
        return None
    long = [queue for queue, one in waiting.items() if facts.now - one.oldest_queued_at > UNSERVED_SECONDS]
    longest = sorted(long, key=lambda queue: waiting[queue].oldest_queued_at)
    before = [queue for queue in waiting if _was_unserved(queue, facts)]
    ours = [*before, *(queue for queue in longest if queue not in before and facts.ran_lately(queue))][:_MOST_UNSERVED]
    found = facts.unserved(ours) if ours else ()
    return None if found is None else frozenset(found)


def _was_unserved(queue, facts) -> bool:
    """Over when somebody serves it or nothing waits, and not because it was served longer and longer ago."""
    return bool(facts.unserved_before) and key_of(QUEUE, queue) in facts.unserved_before


def _queue_sight(kind, queue, one, facts, limits) -> Sight:
    name, waited = plain(queue, limits.masking, NAME_CHARACTERS), duration(facts.now - one.oldest_queued_at)
    titles = {
        "unserved": f"No worker of Signalbox serves {name}",
        "waiting": f"Tasks wait long in {name}",
    }
    is_lately = kind == "unserved" and facts.ran_lately(queue)
    served = " Workers of Signalbox served it in the last day." if is_lately else ""
    return Sight(
        key=key_of(QUEUE, queue),
        kind=kind,
        severity=CRITICAL if kind == "unserved" else WARNING,
        title=titles[kind],
        details=f"{plural(one.queued, 'task')} queued, the oldest for {waited}.{served}",
        count=one.queued,
        queue=name,
        path=_path("/queues/", queue, limits, "?q="),
    )


# -- what people have begun --


def _operations(facts, limits) -> Iterator[Sight | str]:
    if facts.operations is None:
        yield OPERATION
        return
    for one in facts.operations:
        if one.paused_itself:
            name = plain(one.queue, limits.masking, NAME_CHARACTERS)
            yield Sight(
                key=key_of(OPERATION, one.id),
                kind="operation_paused",
                severity=WARNING,
                title=f"The {one.verb} of {name} paused itself",
                details=f"{plain(one.paused_because, limits.masking)}. {one.done:,} of {one.matched:,} are done; "
                "the rest waits until somebody resumes or cancels it.",
                count=one.remaining,
                queue=name,
                operation_id=plain(one.id, limits.masking, NAME_CHARACTERS),
                path=_path("/operations/", one.id, limits),
            )


def _pauses(facts, limits) -> Iterator[Sight | str]:
    if facts.pauses is None:
        yield PAUSE
        return
    for one in facts.pauses:
        if _ends_soon(one, facts.now, limits):
            name = plain(one.queue, limits.masking, NAME_CHARACTERS)
            counts = (facts.counts or {}).get(one.queue)
            waits = f"{plural(counts.queued, 'task')} queued. " if counts and counts.queued is not None else ""
            yield Sight(
                key=key_of(PAUSE, one.queue),
                kind="pause_ends",
                severity=INFO,
                title=f"The pause of {name} ends at {moment(one.until_at)}",
                details=waits + _said(one, limits),
                queue=name,
                path="/holds/",
            )


def _holds(facts, limits) -> Iterator[Sight | str]:
    if facts.holds is None:
        yield HOLD
        return
    for one in facts.holds:
        if one.known and _ends_soon(one, facts.now, limits):
            what = one.title if limits.messages or one.kind != GROUP else f"error group {one.name}"
            yield Sight(
                key=key_of(HOLD, one.id),
                kind="hold_ends",
                severity=INFO,
                title=f"The hold of {plain(what, limits.masking)} ends at {moment(one.until_at)}",
                details=_said(one, limits),
                queue=None if one.queue is None else plain(one.queue, limits.masking, NAME_CHARACTERS),
                path="/holds/",
            )


def _ends_soon(one, now, limits) -> bool:
    """What was meant to be short from the beginning is still in somebody's mind."""
    if one.until_at is None or not 0 < one.until_at - now <= limits.ending_seconds:
        return False
    return one.since_at is None or one.until_at - one.since_at > limits.ending_seconds


def _said(one, limits) -> str:
    by = plain(one.by or "somebody", limits.masking, 80)
    return f"By {by}: {plain(one.reason, limits.masking)}" if one.reason else f"By {by}."


# -- why it is over --


def _ending(alert: Alert, facts: Facts) -> str:
    return _ENDINGS.get(alert.sight.family, lambda key, facts: "")(alert.key, facts)


def _end_of_errors(key, facts) -> str:
    group = _named(key, ERRORS, facts.groups)
    if group is None:
        return "It is not among the error groups any more."
    if not group.tasks:
        return "None of its tasks is in error any more."
    left = plural(group.tasks, "task")
    return (
        _silence(group, facts)
        or f"It is neither new nor rising any more; {left} of it {'is' if group.tasks == 1 else 'are'} still in error."
    )


def _end_of_queue(key, facts) -> str:
    counts = _named(key, QUEUE, facts.counts)
    if counts is None or not counts.queued:
        return "Nothing waits in it any more."
    if _is_paused(counts, facts.now):
        return "It is paused."
    return f"Its oldest task waits for {duration(facts.now - (counts.oldest_queued_at or facts.now))} now."


def _end_of_operation(key, facts) -> str:
    there = any(key_of(OPERATION, one.id) == key for one in facts.operations)
    return "It goes on." if there else "It has ended."


def _end_of_pause(key, facts) -> str:
    one = next((one for one in facts.pauses if key_of(PAUSE, one.queue) == key), None)
    return "The pause has ended." if one is None else f"It goes on {_until(one)}."


def _end_of_hold(key, facts) -> str:
    one = next((one for one in facts.holds if key_of(HOLD, one.id) == key), None)
    return "The hold has ended." if one is None else f"It goes on {_until(one)}."


_ENDINGS = {
    ERRORS: _end_of_errors,
    QUEUE: _end_of_queue,
    OPERATION: _end_of_operation,
    PAUSE: _end_of_pause,
    HOLD: _end_of_hold,
}


def _named(key, family, things):
    return next((thing for name, thing in things.items() if key_of(family, name) == key), None)


def _until(one) -> str:
    if one.until_at is None or math.isinf(one.until_at):
        return "until somebody ends it"
    return f"until {moment(one.until_at)}"


def _path(page: str, name: str, limits: Limits, between: str = "") -> str:
    raw = to_bytes(name)
    # a name that holds a secret must not leave in a link either
    is_told = 0 < len(raw) <= _LONGEST_NAME_BYTES and limits.masking.text(shown(name)) == shown(name)
    return f"{page}{between}{quote(raw, safe='')}" if is_told else page
