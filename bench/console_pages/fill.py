"""Fills a Redis as months of a large deployment leave it: a million errors in one queue, and much else.

The errors are written as any worker on the wire would leave them, by a script that writes a thousand in one trip; all
else goes through the engine.
"""

import json
from dataclasses import dataclass, replace

from queue_core import Actor, Engine, Settings, states
from queue_core.clock import monotonic
from queue_core.sweeper import Sweeper

BIG_QUEUE = "payments.capture"
LARGE_QUEUE = "reports.large"
_ERRORS_IN_ONE_TRIP = 1000
_QUEUES_IN_ONE_TRIP = 1000
_DAY_SECONDS = 86_400.0
_GROUPS = 120
_BUDGET_SECONDS = 5.0

# a million errors by way of Python alone would take ten times as long
_WRITE_ERRORS = """
local queue_key, names_key, root = KEYS[1], KEYS[2], KEYS[3]
local first, count, since, step, queue, groups = unpack(ARGV)
redis.call('SADD', names_key, queue)
for number = first, first + count - 1 do
    local id = redis.sha1hex(number) .. string.sub(redis.sha1hex('more ' .. number), 1, 24)
    local group, failed_at = number % groups, since + number * step
    local payload = string.format(
        '{"id": "%s", "func": "shop.work_%d:run", "args": ["order-%d", %d], "kwargs": {"customer": "c-%d", '
            .. '"token": "t"}, "time_last_queued": %.6f, "retry_method": ["tasktiger.retry:_fixed", [60, 3]]}',
        id, group % 17, number, number % 977, number % 5003, failed_at - 2
    )
    local frame = string.format(
        '  File "/srv/shop/work_%d.py", line %d, in step_%d\\\\n    call()\\\\n', group % 17, group, group
    )
    local execution = string.format(
        '{"time_started": %.6f, "time_failed": %.6f, "exception_name": "shop.errors:Fault%d", "success": false, '
            .. '"host": "worker-%d", "traceback": "Traceback (most recent call last):\\\\n%s'
            .. 'shop.errors.Fault%d: order %d refused\\\\n"}',
        failed_at - 1, failed_at, group % 29, number % 40, string.rep(frame, 8), group % 29, number
    )
    redis.call('ZADD', queue_key, string.format('%.6f', failed_at), id)
    redis.call('SET', root .. id, payload)
    redis.call('RPUSH', root .. id .. ':executions', execution)
    redis.call('SET', root .. id .. ':executions_count', 1)
end
"""


@dataclass(frozen=True)
class Sizes:
    """errors: in one queue; large: tasks with large_bytes of arguments; queues: besides, some tasks in each.

    index_seconds: so long at most the errors are put into groups."""

    errors: int = 1_000_000
    queues: int = 10_000
    large: int = 100
    large_bytes: int = 10_000_000
    audit: int = 20_000
    trashed: int = 20_000
    operations: int = 300
    processes: int = 200
    index_seconds: float = 300.0

    def at(self, scale: int) -> "Sizes":
        """So many times smaller; the large tasks become fewer, not smaller."""
        numbers = {name: max(1, getattr(self, name) // scale) for name in _SCALED}
        return replace(self, **numbers)


_SCALED = ("errors", "queues", "large", "audit", "trashed", "operations", "processes")
ACTOR = Actor("bench", "command line")
SETTINGS = Settings(worker_silence_seconds=_DAY_SECONDS)
"""Whose processes stay listed although they never speak again."""

RUNNING = {"queue": BIG_QUEUE, "id": "running-0", "func": "shop.work:run", "started_at": 1.0}


def fill(engine: Engine, sizes: Sizes, tell=print) -> None:
    """Writes all of it, counts and indexes it as an observer does."""
    for what, write in (
        (f"{sizes.errors:,} errors in one queue", _errors),
        (f"{sizes.queues:,} queues", _queues),
        (f"{sizes.large:,} tasks of {sizes.large_bytes:,} bytes", _large),
        (f"{sizes.trashed:,} deleted tasks", _trash),
        (f"{sizes.operations:,} operations, {sizes.audit:,} acts, {sizes.processes:,} processes", _past),
        ("counted, and the errors in groups", _observe),
    ):
        began_at = monotonic()
        note = write(engine, sizes)
        tell(f"{monotonic() - began_at:7.1f} s  {what}{f': {note}' if note else ''}")


def _errors(engine, sizes):
    write_errors(engine, BIG_QUEUE, sizes.errors)


def write_errors(engine: Engine, queue: str, total: int, first_number: int = 0) -> None:
    """So many failures of one queue, evenly over the last 24 hours; their ids follow from their numbers."""
    keys, client = engine.store.keys, engine.store.client
    write = client.register_script(_WRITE_ERRORS)
    step = _DAY_SECONDS / total
    since = engine.store.now() - _DAY_SECONDS - first_number * step
    for first in range(0, total, _ERRORS_IN_ONE_TRIP):
        count = min(_ERRORS_IN_ONE_TRIP, total - first)
        write(
            keys=[keys.state(states.ERROR, queue), keys.names(states.ERROR), keys.task_prefix()],
            args=[first_number + first, count, since, step, queue, _GROUPS],
        )


def _queues(engine, sizes):
    """One waiting task in each, in every tenth an error and in every twentieth one for later."""
    now, pipeline = engine.store.now(), engine.store.client.pipeline(transaction=False)
    for number in range(sizes.queues):
        queue = f"region-{number % 10}.team-{number % 300}.customer-{number:05}"
        _put(engine, pipeline, queue, states.QUEUED, f"waiting-{number}", now - number)
        if number % 10 == 0:
            _put(engine, pipeline, queue, states.ERROR, f"failed-{number}", now - number)
        if number % 20 == 0:
            _put(engine, pipeline, queue, states.SCHEDULED, f"later-{number}", now + 3600 + number)
        if number % _QUEUES_IN_ONE_TRIP == _QUEUES_IN_ONE_TRIP - 1:
            pipeline.execute()
    pipeline.execute()


def _large(engine, sizes):
    now, client = engine.store.now(), engine.store.client
    text = "0123456789" * (sizes.large_bytes // 10)
    for number in range(sizes.large):
        pipeline = client.pipeline(transaction=False)
        state = (states.ERROR, states.QUEUED, states.SCHEDULED, states.ACTIVE)[number % 4]
        _put(engine, pipeline, LARGE_QUEUE, state, f"large-{number}", now - number, [text])
        pipeline.execute()


def _put(engine, pipeline, queue, state, task_id, score, args=(1, "two")):
    keys = engine.store.keys
    payload = {"id": task_id, "func": "shop.work:run", "args": list(args), "time_last_queued": score}
    pipeline.set(keys.payload(task_id), json.dumps(payload))
    pipeline.zadd(keys.state(state, queue), {task_id: score})
    pipeline.sadd(keys.names(state), queue)


def _trash(engine, sizes):
    """The errors of a queue of their own, purged by an operation."""
    queue = "mail.bounces"
    write_errors(engine, queue, sizes.trashed, 10**9)
    operation = engine.operations.start("purge", queue, states.ERROR, actor=ACTOR, reason="a burst of bounces")
    while not operation.ended:
        operation = engine.operations.step(operation.id)


def _past(engine, sizes):
    engine.background.start("exc:Fault OR msg:refused", actor=ACTOR, reason="which of them")
    for number in range(sizes.operations):
        operation = engine.operations.start(
            "retry", BIG_QUEUE, states.ERROR, actor=ACTOR, reason=f"attempt {number}", task_ids=[f"gone-{number}"]
        )
        if number % 10:
            engine.operations.run_small(operation)
    for number in range(sizes.audit):
        actor = Actor(f"person-{number % 7}", "web")
        engine.audit.record("retry", actor=actor, queue=f"queue-{number % 50}", task_id=f"t-{number}", outcome="done")
    for number in range(sizes.processes):
        engine.workers.beat(
            f"worker-{number}",
            {
                "kind": "worker",
                "host": f"host-{number % 20}",
                "pid": number,
                "started_at": 1.0,
                "queues": ["mail"],
                "running": [RUNNING],
            },
        )


def _observe(engine, sizes):
    """As the observer does, until the errors are in groups or the time is over; the pages tell what is left."""
    sweeper, ends_at, summary = Sweeper(engine, observe=True), monotonic() + sizes.index_seconds, None
    while not summary or not summary.groups or (summary.remaining and monotonic() < ends_at):
        sweeper.step(_BUDGET_SECONDS)
        summary = engine.error_groups.summary()
    sweeper.leave()
    return f"{summary.remaining:,} still to be read" if summary.remaining else ""
