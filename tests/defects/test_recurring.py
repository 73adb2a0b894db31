"""D22: recurring work goes on, whoever runs it and however it ends."""

import time

from queue_core import Worker
from tests.queue_core.worker import functions
from tests.queue_core.worker.seeds import members


def test_d22_a_retry_does_not_put_off_the_next_occurrence(world, engine):
    world.put("queued", "reports", unique=True, retry_method=["tasktiger.retry:_fixed", [7200, 3]])
    session = engine.leases.session("worker-1")
    (claimed,) = session.claim("reports")
    next_at = time.time() + 600
    world.raw.zadd("t:scheduled:reports", {"a": next_at})
    session.retry_later(claimed, time.time() + 7200, b"{}")
    session.drain()
    assert world.scores("scheduled", "reports")["a"] == next_at
    session.close()


def test_d22_work_that_another_engine_has_registered_is_started_and_queued_again(raw, engine):
    """The functions are registered with an engine of their own module; the worker has another."""
    assert functions.engine is not engine
    Worker(engine, queues=["reports"], executor="sync").run(once=True)
    (task_id,) = members(raw, "scheduled", "reports")
    _make_due(raw, task_id)
    Worker(engine, queues=["reports"], executor="sync").run(once=True)
    assert members(raw, "scheduled", "reports") == [task_id] and not members(raw, "queued", "reports")
    assert raw.zscore("t:scheduled:reports", task_id) > time.time()


def test_d22_failures_of_recurring_work_that_also_stands_in_error_do_not_pile_up(raw, make_engine):
    engine = make_engine(max_stored_executions=3)
    for _ in range(5):
        Worker(engine, queues=["failing"], executor="sync").run(once=True)
        (task_id,) = members(raw, "scheduled", "failing")
        _make_due(raw, task_id, "failing")
    assert members(raw, "error", "failing") == [task_id]
    assert raw.llen(f"t:task:{task_id}:executions") == 3 and raw.get(f"t:task:{task_id}:executions_count") == b"4"


def _make_due(raw, task_id, queue="reports"):
    raw.zrem(f"t:scheduled:{queue}", task_id)
    raw.srem("t:scheduled", queue)
    raw.zadd(f"t:queued:{queue}", {task_id: 1})
    raw.sadd("t:queued", queue)
