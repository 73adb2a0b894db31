"""Reads for people: sizes, pages of tasks, one task with its executions.

No command here costs more for a longer queue or a larger task: pages go by rank, lists read the beginning of a payload,
and a whole large value is read only when somebody asks for it.
"""

import json
import math
import re
from collections import Counter
from dataclasses import dataclass, replace

from queue_core import states
from queue_core.bookmark import rank_of
from queue_core.errors import InvalidPayload, InvalidRequest, TaskNotFound
from queue_core.execution import Execution, found_func, read_execution
from queue_core.payload import Payload
from queue_core.store import Store
from queue_core.text import shown, to_bytes, to_text

PAYLOAD_GLIMPSE_BYTES = 8 * 1024
EXECUTION_GLIMPSE_BYTES = 16 * 1024
WHOLE_PAYLOAD_BYTES = 1024 * 1024
EXECUTIONS_SHOWN = 20
EXECUTION_BYTES = 128 * 1024
MOST_EXECUTIONS = 1000
WHOLE_EXECUTION_BYTES = 512 * 1024 * 1024
MOST_ROWS = 200
MOST_QUEUES = 50
SAMPLES = 5
AGES = (3600, 86_400, 604_800)

_ARGUMENTS = re.compile(rb'"(?:args|kwargs)":')
_RETRIES_AT = {"tasktiger.retry:_fixed": 1, "tasktiger.retry:_linear": 2, "tasktiger.retry:_exponential": 2}


@dataclass(frozen=True)
class TaskRow:
    """A task as a list shows it.  arguments: JSON text.  problem: why it cannot be read, else None."""

    queue: str
    state: str
    id: str
    score: float
    func: str | None = None
    arguments: str = ""
    arguments_cut: bool = False
    payload_bytes: int = 0
    executions_count: int = 0
    failure: Execution | None = None
    problem: str | None = None


@dataclass(frozen=True)
class Page:
    """first_rank: how many come before the first row.  Cursors are None at the ends."""

    rows: list[TaskRow]
    total: int
    first_rank: int
    next_cursor: str | None
    previous_cursor: str | None


@dataclass(frozen=True)
class Impact:
    """What an act on all of a state up to a moment would touch.  matched and ages are exact, the rest is of `looked_at`
    tasks, which lie evenly over the selection.

    functions, exceptions: (name, tasks), the most frequent first; a name is None where it cannot be told.
    ages: (at most so many seconds old, or None for the rest, tasks); none for scheduled, which lie in the future."""

    matched: int
    looked_at: int
    functions: list[tuple[str | None, int]]
    exceptions: list[tuple[str | None, int]]
    ages: list[tuple[int | None, int]]
    samples: list[TaskRow]


@dataclass(frozen=True)
class TaskDetail:
    """All of a task.  states: every (state, score) that holds it in this queue; a unique task can have several.

    executions: newest first.  attempts_allowed: runs that its retry method gives, where that is known.
    stale_traceback: it failed after the newest execution was recorded: the process died without leaving one."""

    queue: str
    id: str
    state: str
    score: float
    states: list[tuple[str, float]]
    func: str | None
    args: list | None
    kwargs: dict | None
    fields: dict
    raw: str
    payload_bytes: int
    too_large: bool
    executions: list[Execution]
    executions_count: int
    executions_kept: int
    recoveries: int
    attempts_allowed: int | None = None
    stale_traceback: bool = False
    problem: str | None = None


class Browse:
    """The room of readers."""

    def __init__(self, store: Store):
        self._store = store

    def sizes(self, queue: str) -> dict[str, int]:
        """{state: number of tasks} of one queue, as it is now."""
        pipeline = self._store.client.pipeline()
        for state in states.ALL:
            pipeline.zcard(self._store.keys.state(state, queue))
        return dict(zip(states.ALL, pipeline.execute(), strict=True))

    def states(self, queue: str, task_id: str) -> list[str]:
        """The states of `queue` that hold the task now; none when it has finished or moved."""
        pipeline = self._store.client.pipeline()
        for state in states.ALL:
            pipeline.zscore(self._store.keys.state(state, queue), to_bytes(task_id))
        scores = pipeline.execute()
        return [state for state, score in zip(states.ALL, scores, strict=True) if score is not None]

    # -- lists --

    def page(self, queue: str, state: str, *, cursor: str | None = None, limit: int = 50) -> Page:
        """Tasks of a queue in `state`: the newest failure first, in other states the lowest score first.

        cursor: as given by another page; it names a task, so a page stays in place while others leave.
        Raises UnknownState, InvalidRequest for a cursor that is none."""
        newest_first = states.known(state) == states.ERROR
        key, limit = self._store.keys.state(state, queue), max(1, min(limit, MOST_ROWS))
        total = self._store.client.zcard(key)
        first = self._rank(key, cursor, newest_first, limit) if cursor else 0
        first = max(0, min(first, total - 1)) if total else 0
        ranged = self._store.client.zrevrange if newest_first else self._store.client.zrange
        members = ranged(key, first, first + limit - 1, withscores=True)
        rows = self._rows([(queue, state, to_text(task_id), score) for task_id, score in members])
        after = _cursor("after", *members[-1]) if members and first + len(members) < total else None
        before = _cursor("before", *members[0]) if members and first > 0 else None
        return Page(rows, total, first, after, before)

    def newest_errors(self, queues: list[str], limit: int = 50) -> list[TaskRow]:
        """The newest failures of up to 50 queues, newest first."""
        pipeline = self._store.client.pipeline()
        queues = queues[:MOST_QUEUES]
        for queue in queues:
            pipeline.zrevrange(self._store.keys.state(states.ERROR, queue), 0, limit - 1, withscores=True)
        found = [
            (queue, states.ERROR, to_text(task_id), score)
            for queue, members in zip(queues, pipeline.execute(raise_on_error=False) if queues else [], strict=True)
            if isinstance(members, list)
            for task_id, score in members
        ]
        found.sort(key=lambda row: row[3], reverse=True)
        return self._rows(found[: max(1, min(limit, MOST_ROWS))])

    def count_since(self, queues: list[str], state: str, since: float) -> int:
        """How many tasks of up to 50 queues came into `state` after a moment.  Raises UnknownState."""
        pipeline = self._store.client.pipeline()
        for queue in queues[:MOST_QUEUES]:
            pipeline.zcount(self._store.keys.state(states.known(state), queue), f"({since}", "+inf")
        counts = pipeline.execute(raise_on_error=False) if queues else []
        return sum(count for count in counts if isinstance(count, int))

    def impact(self, queue: str, state: str, not_after: float | None = None) -> Impact:
        """What an act on all tasks in `state` with a score up to `not_after` (None: all) would touch, and five of them.

        Looks at 200 tasks at most.  Raises UnknownState."""
        key = self._store.keys.state(states.known(state), queue)
        matched = self._store.client.zcount(key, "-inf", "+inf" if not_after is None else not_after)
        ranks = range(matched) if matched <= MOST_ROWS else [one * matched // MOST_ROWS for one in range(MOST_ROWS)]
        pipeline = self._store.client.pipeline()
        for rank in ranks:
            pipeline.zrange(key, rank, rank, withscores=True)
        members = [one for found in (pipeline.execute() if ranks else ()) for one in found]
        rows = self._rows([(queue, state, to_text(task_id), score) for task_id, score in members])
        return Impact(
            matched=matched,
            looked_at=len(rows),
            functions=Counter(row.func for row in rows).most_common(),
            exceptions=Counter(row.failure and row.failure.exception_name for row in rows).most_common(),
            ages=[] if state == states.SCHEDULED else self._ages(key, matched, not_after),
            samples=rows[:: max(1, len(rows) // SAMPLES)][:SAMPLES],
        )

    def _ages(self, key, matched, not_after):
        now, pipeline = self._store.now(), self._store.client.pipeline()
        highest = "+inf" if not_after is None else not_after
        for seconds in AGES:
            pipeline.zcount(key, now - seconds, highest)
        younger = [0, *pipeline.execute(), matched]
        # what comes or goes between the two looks makes no count negative
        return [(age, max(0, younger[at + 1] - younger[at])) for at, age in enumerate((*AGES, None))]

    def failed(self, places: list[tuple[str, str]]) -> list[TaskRow | None]:
        """One row for each (queue, task id), at most 200; None for what is not in error any more."""
        places = places[:MOST_ROWS]
        pipeline = self._store.client.pipeline()
        for queue, task_id in places:
            pipeline.zscore(self._store.keys.state(states.ERROR, queue), to_bytes(task_id))
        scores = pipeline.execute(raise_on_error=False) if places else []
        there = [
            (queue, states.ERROR, task_id, score)
            for (queue, task_id), score in zip(places, scores, strict=True)
            if isinstance(score, float)
        ]
        rows = {(row.queue, row.id): row for row in self._rows(there)}
        return [rows.get(place) for place in places]

    def scheduled(self, places) -> list[TaskRow]:
        """Rows of scheduled tasks, places of a timetable, in their order; at most 200."""
        return self._rows([(one.queue, states.SCHEDULED, one.id, one.due_at) for one in places[:MOST_ROWS]])

    def rows(self, places: list[tuple[str, str, str, float]]) -> list[TaskRow]:
        """Rows of tasks that another look has found: (queue, state, task id, score), at most 200."""
        return self._rows(places[:MOST_ROWS])

    def trashed(self, entries) -> list[TaskRow]:
        """Rows of entries of the trash, in their order: each as it was in its queue."""
        keys = self._store.keys
        calls = [
            self._store.call(
                "glimpse",
                payload=keys.trash_payload(entry.id),
                executions=keys.trash_executions(entry.id),
                # the entry tells it
                executions_count=keys.executions_count(entry.id),
                payload_bytes=PAYLOAD_GLIMPSE_BYTES,
                execution_bytes=EXECUTION_GLIMPSE_BYTES,
            )
            for entry in entries
        ]
        replies = self._store.send_all(calls) if calls else []
        rows = [
            _row(entry.queue, entry.state, entry.task_id, entry.score, reply)
            for entry, reply in zip(entries, replies, strict=True)
        ]
        return [replace(row, executions_count=entry.executions_count) for entry, row in zip(entries, rows, strict=True)]

    def _rank(self, key, cursor, newest_first, limit) -> int:
        direction, score, task_id = _read_cursor(cursor)
        client = self._store.client
        rank = (client.zrevrank if newest_first else client.zrank)(key, task_id)
        if rank is None:
            rank = rank_of(client, key, score, task_id, newest_first)
            return rank if direction == "after" else rank - limit
        return rank + 1 if direction == "after" else rank - limit

    def _rows(self, found) -> list[TaskRow]:
        calls = [
            self._store.call(
                "glimpse", id=row[2], payload_bytes=PAYLOAD_GLIMPSE_BYTES, execution_bytes=EXECUTION_GLIMPSE_BYTES
            )
            for row in found
        ]
        replies = self._store.send_all(calls) if calls else []
        return [_row(*place, reply) for place, reply in zip(found, replies, strict=True)]

    # -- one task --

    def task(self, queue: str, task_id: str, *, whole: bool = False) -> TaskDetail:
        """All of a task that is in some state of `queue`.

        whole: also a payload over 1 MiB, and the newest 1,000 executions at any length, not only 20 of them without
        the middle of long ones.  Raises TaskNotFound."""
        keys = self._store.keys
        pipeline = self._store.client.pipeline()
        for state in states.ALL:
            pipeline.zscore(keys.state(state, queue), to_bytes(task_id))
        pipeline.strlen(keys.payload(task_id))
        pipeline.llen(keys.executions(task_id))
        pipeline.get(keys.executions_count(task_id))
        pipeline.hget(keys.recoveries(), to_bytes(task_id))
        replies = pipeline.execute(raise_on_error=False)
        scores = (None if isinstance(one, Exception) else one for one in replies[: len(states.ALL)])
        size, kept, count, recoveries = (_count(one) for one in replies[len(states.ALL) :])
        held = [(state, score) for state, score in zip(states.ALL, scores, strict=True) if score is not None]
        if not held:
            raise TaskNotFound(task_id=task_id, queue=queue)
        state, score = _most_telling(held)
        too_large = size > WHOLE_PAYLOAD_BYTES and not whole
        found = self._payload(task_id, too_large)
        payload, problem = _read_payload(found, task_id, too_large)
        raw = found if isinstance(found, bytes) else b""
        executions = self._executions(task_id, kept, count, whole)
        return TaskDetail(
            queue=queue,
            id=task_id,
            state=state,
            score=score,
            states=held,
            func=shown(payload.func) if payload else found_func(raw),
            args=payload.args if payload else None,
            kwargs=payload.kwargs if payload else None,
            fields=payload.fields if payload else {},
            raw=shown(to_text(raw)),
            payload_bytes=size,
            too_large=too_large,
            executions=executions,
            executions_count=count,
            executions_kept=kept,
            recoveries=recoveries,
            attempts_allowed=_attempts_allowed(payload),
            stale_traceback=_is_stale(state, score, executions),
            problem=problem,
        )

    def _payload(self, task_id, too_large) -> bytes | Exception | None:
        key = self._store.keys.payload(task_id)
        if too_large:
            return self._store.client.getrange(key, 0, PAYLOAD_GLIMPSE_BYTES - 1)
        pipeline = self._store.client.pipeline()
        pipeline.get(key)
        return pipeline.execute(raise_on_error=False)[0]

    def _executions(self, task_id, kept, count, whole) -> list[Execution]:
        newest_number = max(count, kept)
        shown_count, limit = (MOST_EXECUTIONS, WHOLE_EXECUTION_BYTES) if whole else (EXECUTIONS_SHOWN, EXECUTION_BYTES)
        calls = [
            self._store.call("glimpse_execution", id=task_id, position=-1 - age, execution_bytes=limit)
            for age in range(min(kept, shown_count))
        ]
        replies = self._store.send_all(calls) if calls else []
        return [
            read_execution(newest_number - age, *map(to_text, reply))
            for age, reply in enumerate(replies)
            if isinstance(reply, list)
        ]


def _count(reply) -> int:
    # a key of a wrong type, or with other text than a number, tells nothing; the page shows what the others say
    try:
        return int(reply or 0)
    except (TypeError, ValueError):
        return 0


def _cursor(direction: str, task_id: bytes, score: float) -> str:
    return f"{direction}:{score!r}:{task_id.hex()}"


def _read_cursor(cursor: str):
    try:
        direction, score, task_id = cursor.split(":")
        if direction not in ("after", "before") or math.isnan(float(score)):
            raise ValueError(cursor)
        return direction, float(score), bytes.fromhex(task_id)
    except ValueError as error:
        raise InvalidRequest("That page address is not complete; begin at the first page.") from error


def _most_telling(held):
    """What a person asks about first: is it running, did it fail, does it wait?"""
    order = (states.ACTIVE, states.ERROR, states.QUEUED, states.SCHEDULED)
    return min(held, key=lambda pair: order.index(pair[0]))


def _read_payload(raw, task_id, too_large):
    if raw is None or raw == b"":
        return None, "payload missing"
    if too_large:
        return None, None
    if isinstance(raw, Exception):
        return None, f"payload unreadable: {shown(str(raw))}"
    try:
        return Payload.decode(raw, task_id), None
    except InvalidPayload as error:
        return None, f"payload unreadable: {shown(str(error))}"


def _row(queue, state, task_id, score, glimpse) -> TaskRow:
    if isinstance(glimpse, Exception):
        return TaskRow(queue, state, task_id, score, problem=f"payload unreadable: {shown(str(glimpse))}")
    raw, size, count, newest, tail = glimpse
    number = _count(count)
    # in another state a failure is of the past, or of a run that may go well
    tells = newest and state in (states.ERROR, states.SCHEDULED)
    failure = read_execution(number, to_text(newest), to_text(tail)) if tells else None
    whole = size <= len(raw)
    problem = _read_payload(raw, task_id, too_large=not whole)[1]
    arguments = _arguments(raw, whole) if problem is None else ""
    return TaskRow(queue, state, task_id, score, found_func(raw), arguments, not whole, size, number, failure, problem)


def _arguments(raw: bytes, whole: bool) -> str:
    if whole:
        fields = json.loads(raw)
        parts = [json.dumps(fields[name], ensure_ascii=False) for name in ("args", "kwargs") if fields.get(name)]
        return shown(" ".join(parts))
    found = _ARGUMENTS.search(raw)
    return shown(to_text(raw[found.end() :])).strip() if found else ""


def _attempts_allowed(payload) -> int | None:
    if payload is None:
        return None
    method = payload.retry_method
    if method is None:
        return 1
    name, arguments = method
    position = _RETRIES_AT.get(name.replace("retry.", "retry:") if ":" not in name else name)
    if position is None or not isinstance(arguments, list) or len(arguments) <= position:
        return None
    return arguments[position] + 1 if isinstance(arguments[position], int) else None


def _is_stale(state, score, executions) -> bool:
    return state == states.ERROR and bool(executions) and executions[0].predates(score)
