"""The index of error groups: errors of all queues are read as they come, and each is counted once.

Errors are followed by their score, so those of TaskTiger workers are found as well.  Clocks differ between workers:
what failed lately is looked at again and again.  Every step reads at most 200 tasks.
"""

import json
import math
from collections.abc import Iterator
from typing import NamedTuple

from queue_core import states
from queue_core.clock import monotonic
from queue_core.error_group import (
    KEPT_HOURS,
    ErrorGroup,
    GroupSummary,
    facts_of,
    hour_of,
    read_group,
    written,
)
from queue_core.execution import found_func, read_execution
from queue_core.fingerprint import UNREADABLE, Fingerprint, fingerprint_of_failure
from queue_core.store import Store
from queue_core.text import to_bytes, to_text

STEP = 200
OVERLAP_SECONDS = 60.0
OVERLAP_EVERY_SECONDS = 30.0
AHEAD_SECONDS = 60.0
"""What failed later than so long from now has a wrong moment; it is read when that moment comes."""

MOST_INDEXED = 200_000
"""Tasks known by id, in all groups.  From there on each group keeps the newest few only."""
_FEW = 200

_PAGE = 400
_MOST_READ = 10_000
_READ_SECONDS = 3600
_PAYLOAD_BYTES = 2048
_EXECUTION_BYTES = 16 * 1024
_NAME_CHARACTERS = 200
_GROUPS_AT_ONCE = 25
_TELL_EVERY_SECONDS = 5.0
_TELL_AGAIN_SECONDS = 20.0
_KEEP_SUMMARY_SECONDS = 86_400


class Came(NamedTuple):
    """A task came into error.  run_seconds: of the run that failed; None: unknown."""

    queue: str
    failed_at: float
    run_seconds: float | None


class ErrorIndex:
    """The room of whoever reads errors for all: one process at a time; it remembers where it stands."""

    def __init__(self, store: Store):
        self._store = store
        self._failing: dict[str, tuple] = {}
        self._read_to_end: dict[str, tuple] = {}
        self._look_back_at: dict[str, float] = {}
        self._indexed = math.inf  # tasks known by id; until they were counted there may be too many
        self._told_at = -math.inf
        self._news = True
        self._came: list[Came] = []

    # -- following --

    def begin(self, failing: dict[str, tuple]) -> list[str]:
        """The queues whose errors have to be read.

        failing: of every queue that has errors, by its name, whatever changes when one is added."""
        if self._indexed == math.inf:
            self._count_indexed()
        self._forget_queues(failing)
        self._failing = failing
        now = monotonic()
        again = [queue for queue, at in self._look_back_at.items() if at <= now]
        return list(dict.fromkeys(self._changed() + again))

    def _changed(self) -> list[str]:
        return [queue for queue, signs in self._failing.items() if self._read_to_end.get(queue) != signs]

    def read(self, queue: str) -> bool:
        """Reads on in the errors of a queue, at most 200 tasks; whether there are more."""
        start, skipped = self._cursor(queue)
        key, now = self._store.keys.state(states.ERROR, queue), self._store.now()
        rows = self._store.client.zrangebyscore(
            key, start, now + AHEAD_SECONDS, start=skipped, num=_PAGE, withscores=True
        )
        new = self._not_read(queue, rows)[:STEP]
        done = rows[: new[-1][0] + 1] if len(new) == STEP else rows
        self._index(queue, [row for _, row in new], now)
        if new:
            # a worker whose clock is behind may still add to what was read
            self._look_back_at.setdefault(queue, monotonic() + OVERLAP_EVERY_SECONDS)
        if done:
            self._move_cursor(queue, start, skipped, done)
        if len(done) == len(rows) < _PAGE:
            self._read_to_end[queue] = self._failing.get(queue)
            return False
        return True

    def _cursor(self, queue) -> tuple[float, int]:
        """(score, how many of that score are read already) where to go on."""
        start, skipped = _read_cursor(self._store.client.hget(self._store.keys.error_index(), to_bytes(queue)))
        if self._look_back_at.get(queue, math.inf) <= monotonic():
            del self._look_back_at[queue]
            return max(0.0, start - OVERLAP_SECONDS, self._surely_known_from(queue)), 0
        # some of them may have left since
        there = self._store.client.zcount(self._store.keys.state(states.ERROR, queue), start, start) if skipped else 0
        return start, min(skipped, there)

    def _surely_known_from(self, queue) -> float:
        """What failed before may have been indexed and dropped out of memory since; it must not count twice."""
        key = self._store.keys.errors_read(queue)
        if self._store.client.zcard(key) < _MOST_READ:
            return 0.0
        return self._store.client.zrange(key, 0, 0, withscores=True)[0][1]

    def _move_cursor(self, queue, start, skipped, rows):
        last = rows[-1][1]
        same = sum(score == last for _, score in rows) + (skipped if last == start else 0)
        self._store.client.hset(self._store.keys.error_index(), to_bytes(queue), json.dumps([last, same]))

    def _not_read(self, queue, rows) -> list[tuple]:
        """[(position, row)] of those that were not indexed lately."""
        if not rows:
            return []
        known = self._store.client.zmscore(self._store.keys.errors_read(queue), [task_id for task_id, _ in rows])
        return [(at, row) for at, (row, score) in enumerate(zip(rows, known, strict=True)) if score != row[1]]

    def _index(self, queue, rows, now):
        groups: dict[str, tuple[Fingerprint, list, list]] = {}
        for (task_id, score), (found, func, host, seconds) in zip(rows, self._looked_at(rows), strict=True):
            _, failures, came = groups.setdefault(found.id, (found, [], []))
            failures.extend([task_id, repr(score), func, host])
            came.append(Came(queue, score, seconds))
        settings, hour = self._store.settings, hour_of(now)
        calls = [
            self._store.call(
                "index_errors",
                group_id=found.id,
                queue=queue,
                facts=facts_of(found),
                first_hour=hour - KEPT_HOURS,
                last_hour=hour,
                read_since=rows[0][1] - 2 * OVERLAP_SECONDS,
                most_tasks=settings.max_error_group_tasks if self._indexed < MOST_INDEXED else _FEW,
                most_read=_MOST_READ,
                keep_seconds=int(settings.error_group_keep_seconds),
                read_seconds=_READ_SECONDS,
                failures=failures,
            )
            for found, failures, _ in groups.values()
        ]
        replies = self._store.send_all(calls) if calls else []
        for reply, (_, _, came) in zip(replies, groups.values(), strict=True):
            if isinstance(reply, Exception):
                raise reply
            self._indexed += reply
            self._news = True
            # those that were counted before failed before
            self._came += came[len(came) - reply :]

    def newcomers(self) -> list["Came"]:
        """The errors that were counted since this was asked last."""
        came, self._came = self._came, []
        return came

    def _looked_at(self, rows) -> Iterator[tuple[Fingerprint, str, str, float | None]]:
        """(fingerprint, function, host, how long it ran) of each."""
        calls = [
            self._store.call(
                "glimpse", id=to_text(task_id), payload_bytes=_PAYLOAD_BYTES, execution_bytes=_EXECUTION_BYTES
            )
            for task_id, _ in rows
        ]
        replies = self._store.send_all(calls) if calls else []
        return (_read(score, reply) for (_, score), reply in zip(rows, replies, strict=True))

    def _forget_queues(self, failing):
        gone = self._failing.keys() - failing.keys()
        if not self._failing:  # a process that begins: what another one left behind
            gone = {to_text(name) for name in self._store.client.hkeys(self._store.keys.error_index())} - failing.keys()
        for queue in gone:
            self._read_to_end.pop(queue, None)
            self._look_back_at.pop(queue, None)
        if gone:
            self._store.client.hdel(self._store.keys.error_index(), *map(to_bytes, gone))

    # -- telling --

    def wants_telling(self, has_ended: bool = False) -> bool:
        """Whether the summary is older than it should be.  has_ended: there is nothing more to read for now."""
        age_seconds = monotonic() - self._told_at
        return age_seconds > _TELL_AGAIN_SECONDS or (self._news and (has_ended or age_seconds > _TELL_EVERY_SECONDS))

    def summarise(self) -> Iterator:
        """Writes the numbers of all groups for the pages."""
        self._told_at, self._news = monotonic(), False
        yield from self._drop_excess()
        groups = []
        rows = self._store.client.zrevrange(self._store.keys.error_groups(), 0, -1, withscores=True)
        for first in range(0, len(rows), _GROUPS_AT_ONCE):
            groups += self._groups(rows[first : first + _GROUPS_AT_ONCE])
            yield
        self._indexed = sum(group.tasks for group in groups)
        if groups or self._failing or self._store.client.exists(self._store.keys.error_summary()):
            summary = GroupSummary(self._store.now(), self._remaining(), tuple(groups))
            self._store.client.set(self._store.keys.error_summary(), written(summary), ex=_KEEP_SUMMARY_SECONDS)

    def _groups(self, rows) -> list[ErrorGroup]:
        pipeline, keys = self._store.client.pipeline(), self._store.keys
        for raw_id, _ in rows:
            pipeline.hgetall(keys.error_group(to_text(raw_id)))
            pipeline.zcard(keys.error_group_tasks(to_text(raw_id)))
        replies = iter(pipeline.execute())
        found = [
            read_group(to_text(raw_id), fields, tasks, last_at)
            for (raw_id, last_at), fields, tasks in zip(rows, replies, replies, strict=True)
        ]
        return [group for group in found if group is not None]

    def _remaining(self) -> int:
        """Errors that are still to be read; those of a moment ago not counted."""
        behind = self._changed()
        pipeline = self._store.client.pipeline()
        for queue in behind[:STEP]:
            pipeline.hget(self._store.keys.error_index(), to_bytes(queue))
        cursors = map(_read_cursor, pipeline.execute()) if behind else []
        pipeline = self._store.client.pipeline()
        for queue, (score, _) in zip(behind, cursors, strict=False):
            pipeline.zcount(self._store.keys.state(states.ERROR, queue), f"({score!r}", "+inf")
        counts = pipeline.execute(raise_on_error=False) if behind else []
        return sum(one for one in counts if isinstance(one, int)) + len(behind[STEP:])

    def _drop_excess(self) -> Iterator:
        """The groups go that were not seen for longest, and those whose time is over."""
        key, settings = self._store.keys.error_groups(), self._store.settings
        over = self._store.client.zcard(key) - settings.max_error_groups
        ended_before = self._store.now() - settings.error_group_keep_seconds
        names = self._store.client.zrange(key, 0, min(over, STEP) - 1) if over > 0 else []
        for group_id in self._store.client.zrangebyscore(key, "-inf", ended_before, start=0, num=STEP):
            if not self._store.client.exists(self._store.keys.error_group(to_text(group_id))):
                names.append(group_id)
        if names:
            self._drop(map(to_text, names))
            yield

    def _drop(self, group_ids):
        pipeline, keys = self._store.client.pipeline(), self._store.keys
        for group_id in group_ids:
            pipeline.zrem(keys.error_groups(), group_id)
            pipeline.unlink(keys.error_group(group_id), keys.error_group_tasks(group_id))
        pipeline.execute()

    def _count_indexed(self):
        ids = self._store.client.zrange(self._store.keys.error_groups(), 0, -1)
        pipeline = self._store.client.pipeline()
        for one in ids:
            pipeline.zcard(self._store.keys.error_group_tasks(to_text(one)))
        self._indexed = sum(pipeline.execute()) if ids else 0


def _read(score: float, glimpse) -> tuple[Fingerprint, str, str, float | None]:
    if isinstance(glimpse, Exception):
        return UNREADABLE, "unknown function", "unknown host", None
    payload, _, _, newest, tail = glimpse
    func = (found_func(payload) or "unknown function")[:_NAME_CHARACTERS]
    execution = read_execution(0, to_text(newest), to_text(tail)) if newest else None
    host = ((execution and execution.host) or "unknown host")[:_NAME_CHARACTERS]
    return fingerprint_of_failure(execution, score), func, host, execution and _run_seconds(execution, score)


def _run_seconds(execution, score) -> float | None:
    """How long the run took that brought the task into error; None where its record is that of an earlier one."""
    if None in (execution.started_at, execution.failed_at) or execution.predates(score):
        return None
    seconds = execution.failed_at - execution.started_at
    return seconds if 0 <= seconds < math.inf else None


def _read_cursor(raw) -> tuple[float, int]:
    try:
        score, skipped = json.loads(raw or b"[0, 0]")
        return max(0.0, float(score)), max(0, int(skipped))
    except (ValueError, TypeError, OverflowError):
        return 0.0, 0
