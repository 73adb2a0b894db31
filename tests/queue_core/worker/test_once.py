"""Single runs of a worker, as tests of applications make them: no warm-up, everything in one housekeeping step."""

import time
from datetime import timedelta

import pytest

from queue_core import Engine, Worker
from queue_core.payload import plain_id
from tests.queue_core.worker import functions
from tests.queue_core.worker.seeds import MODULE, executions, lines, members, queue_task
from tests.waiting import wait_until

DELAY = 1.0
"""Longer than one run takes, also on a busy machine: what is due after it may not be due within the run."""
QUICK = {
    "SELECT_TIMEOUT": 0,
    "LOCK_RETRY": DELAY * 2,
    "DEFAULT_RETRY_METHOD": ("tasktiger.retry:_fixed", (DELAY, 2)),
    "ACTIVE_TASK_UPDATE_TIMEOUT": 5,
    "ACTIVE_TASK_UPDATE_TIMER": 0.5,
    "REQUEUE_EXPIRED_TASKS_INTERVAL": DELAY,
    "QUEUE_SCHEDULED_TASKS_TIME": DELAY / 2,
}


@pytest.fixture
def engine(redis_url):
    engine = Engine(redis_url, QUICK, allow_modules=[MODULE], strict=False)
    yield engine
    engine.close()


@pytest.fixture(params=["fork", "sync"])
def run(engine, request):
    return lambda **options: Worker(engine, ["orders"], executor=request.param).run(**options)


def test_a_scheduled_task_needs_one_run_to_become_due_and_one_to_be_done(raw, engine, run, tmp_path):
    log = str(tmp_path / "log")
    task = engine.delay(functions.note, [log], queue="orders", when=timedelta(seconds=DELAY))
    run(once=True)
    assert members(raw, "scheduled") == [task.id]
    wait_until(lambda: time.time() > raw.zscore("t:scheduled:orders", task.id))
    run(once=True)
    assert members(raw, "queued") == [task.id] and not raw.exists("t:scheduled")
    run(once=True)
    assert lines(log) == ["ran"] and not raw.exists("t:queued", "t:active")


def test_a_lost_task_is_found_by_the_next_single_run(raw, engine, run):
    lost, repeatable = plain_id(), plain_id()
    for task_id, fields in ((lost, {}), (repeatable, {"retry_on": ["tasktiger.exceptions:JobTimeoutException"]})):
        queue_task(raw, functions.nothing, task_id=task_id, **fields)
        raw.zrem("t:queued:orders", task_id)
        raw.zadd("t:active:orders", {task_id: time.time() - 10})
    raw.sadd("t:active", "orders")
    raw.srem("t:queued", "orders")
    run(once=True)
    assert members(raw, "error") == [lost] and members(raw, "queued") == [repeatable]
    run(once=True)
    assert not members(raw, "queued") and not executions(raw, repeatable)


def test_one_round_takes_one_task_of_each_queue(raw, engine, run, tmp_path):
    for _ in range(3):
        queue_task(raw, functions.note, str(tmp_path / "log"))
    run(force_once=True)
    assert lines(tmp_path / "log") == ["ran"] and len(members(raw, "queued")) == 2


def test_a_failed_task_runs_again_by_the_default_method_until_it_is_given_up(raw, engine, run):
    task = engine.delay(functions.fail, queue="orders", retry=True)
    for failures in (1, 2):
        run(once=True)
        assert members(raw, "scheduled") == [task.id] and len(executions(raw, task.id)) == failures
        wait_until(lambda: time.time() > raw.zscore("t:scheduled:orders", task.id))
        run(once=True)
    run(once=True)
    assert members(raw, "error") == [task.id] and len(executions(raw, task.id)) == 3


def test_a_long_task_keeps_its_lease_with_settings_that_leave_no_time(raw, engine, run, tmp_path):
    engine.config["ACTIVE_TASK_UPDATE_TIMER"] = 10
    engine.config["ACTIVE_TASK_UPDATE_TIMEOUT"] = 1
    task = engine.delay(functions.last_noted, [str(tmp_path / "log"), 2], queue="orders")
    run(once=True)
    assert lines(tmp_path / "log") == ["begin", "end"] and not raw.exists(f"t:task:{task.id}")


def test_the_same_worker_runs_again_and_sees_what_has_changed(raw, engine, tmp_path):
    log, worker = str(tmp_path / "log"), Worker(engine, executor="sync")
    worker.run(once=True)
    engine.config["BATCH_QUEUES"] = {"orders": 2}
    for number in range(2):
        queue_task(raw, functions.batch_note, log, number, score=number + 1)
    worker.max_workers_per_queue = 1
    worker.run(once=True)
    assert lines(log) == ["0,1"]
    raw.zadd("t:qslock:orders", {"another worker": time.time() + 60})
    queue_task(raw, functions.batch_note, log, 2)
    worker.run(once=True)
    assert lines(log) == ["0,1"]
