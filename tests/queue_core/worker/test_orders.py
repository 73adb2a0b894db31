"""What people ask of a worker: to be quiet, to wake, to stop, to end a task."""

import json
import signal

import pytest

from queue_core import Worker
from queue_core.workers import KILL, QUIET, STOP, WAKE
from tests.builders import ANNA
from tests.checker import assert_sound
from tests.queue_core.worker import functions, seeds
from tests.queue_core.worker.seeds import executions, lines, members, queue_task, wait_gone
from tests.waiting import wait_until

BOTH = pytest.mark.parametrize("executor", ["fork", "sync"])


@pytest.fixture
def started(make_engine, redis_url):
    """A worker process that is listed; gives the process and its entry."""
    engine = make_engine()

    def worker_of(process):
        return wait_until(lambda: next((w for w in engine.workers.alive() if w.facts.get("pid") == process.pid), None))

    return engine, worker_of


def running_of(engine, worker):
    return engine.workers.get(worker.id).facts.get("running")


def is_quiet(engine, worker):
    return engine.workers.get(worker.id).facts.get("quiet", False)


@BOTH
def test_a_quiet_worker_takes_nothing_until_it_is_woken(raw, redis_url, started, executor):
    engine, worker_of = started
    with seeds.worker_process(redis_url, executor) as process:
        worker = worker_of(process)
        engine.workers.order(QUIET, worker.id, actor=ANNA)
        wait_until(lambda: is_quiet(engine, worker), 20)
        task_id = queue_task(raw, functions.nothing)
        seen_at = engine.workers.get(worker.id).seen_at
        wait_until(lambda: engine.workers.get(worker.id).seen_at > seen_at, 20)
        assert members(raw, "queued") == [task_id]
        engine.workers.order(WAKE, worker.id, actor=ANNA)
        wait_gone(raw, task_id, 30)
        wait_until(lambda: not is_quiet(engine, worker), 20)


def test_a_worker_that_falls_quiet_gives_back_what_it_has_not_begun(raw, redis_url, started, tmp_path):
    engine, worker_of = started
    queue_task(raw, functions.last_noted, str(tmp_path / "log"), 2.0, score=1)
    later = queue_task(raw, functions.note, str(tmp_path / "log"), score=2)
    with seeds.worker_process(redis_url, "sync") as process:
        wait_until(lambda: lines(tmp_path / "log") == ["begin"], 20)
        engine.workers.order(QUIET, worker_of(process).id, actor=ANNA)
        wait_until(lambda: "end" in lines(tmp_path / "log"), 20)
        wait_until(lambda: members(raw, "queued") == [later] and not members(raw, "active"), 20)
    assert lines(tmp_path / "log") == ["begin", "end"]


@BOTH
def test_a_worker_that_is_to_stop_finishes_its_task_and_leaves(raw, redis_url, started, executor, tmp_path):
    engine, worker_of = started
    task_id = queue_task(raw, functions.last_noted, str(tmp_path / "log"), 1.5)
    with seeds.worker_process(redis_url, executor) as process:
        wait_until(lambda: lines(tmp_path / "log") == ["begin"], 20)
        engine.workers.order(STOP, worker_of(process).id, actor=ANNA, reason="a new host")
        assert process.wait(30) == 0
    assert lines(tmp_path / "log") == ["begin", "end"]
    assert not raw.exists(f"t:task:{task_id}") and not engine.workers.alive()
    assert_sound(raw)


@BOTH
def test_a_killed_task_fails_as_at_its_hard_timeout_and_says_who_ended_it(raw, redis_url, started, executor, tmp_path):
    engine, worker_of = started
    task_id = queue_task(raw, functions.last_noted, str(tmp_path / "log"), 60, hard_timeout=90)
    with seeds.worker_process(redis_url, executor) as process:
        wait_until(lambda: lines(tmp_path / "log") == ["begin"], 20)
        worker = worker_of(process)
        (run,) = wait_until(lambda: running_of(engine, worker), 20)
        assert run["hard_timeout_seconds"] == 90
        place = {"queue": "orders", "task_id": task_id}
        engine.workers.order(KILL, worker.id, actor=ANNA, reason="it hangs", **place)
        wait_until(lambda: members(raw, "error") == [task_id], 30)
    (run,) = executions(raw, task_id)
    assert run["exception_name"] == "tasktiger.exceptions:JobTimeoutException"
    assert run["x"] == {"reason": "ended_by_a_person", "by": "anna"}


def test_a_killed_task_with_attempts_left_is_tried_again_and_not_killed_again(raw, redis_url, started, tmp_path):
    engine, worker_of = started
    retry = {"retry_method": ["tasktiger.retry:_fixed", [0.1, 3]]}
    task_id = queue_task(raw, functions.last_noted, str(tmp_path / "log"), 3, **retry)
    with seeds.worker_process(redis_url) as process:
        wait_until(lambda: lines(tmp_path / "log") == ["begin"], 20)
        order = {"queue": "orders", "task_id": task_id, "actor": ANNA, "reason": "try again"}
        engine.workers.order(KILL, worker_of(process).id, **order)
        wait_gone(raw, task_id, 40)
    assert lines(tmp_path / "log") == ["begin", "begin", "end"]


def test_an_order_for_a_task_that_has_ended_touches_no_other(raw, redis_url, started, tmp_path):
    engine, worker_of = started
    with seeds.worker_process(redis_url) as process:
        worker = worker_of(process)
        engine.workers.order(KILL, worker.id, queue="orders", task_id="gone", actor=ANNA, reason="late")
        task_id = queue_task(raw, functions.last_noted, str(tmp_path / "log"), 1.5)
        wait_until(lambda: not raw.exists(engine.store.keys.orders(worker.id)), 20)
        wait_gone(raw, task_id, 30)
    assert lines(tmp_path / "log") == ["begin", "end"]


def test_a_frozen_worker_obeys_once_it_thaws(raw, redis_url, make_engine, started):
    engine, worker_of = started
    with seeds.worker_process(redis_url) as process:
        worker = worker_of(process)
        process.send_signal(signal.SIGSTOP)
        engine.workers.order(STOP, worker.id, actor=ANNA)
        assert engine.workers.orders([worker.id])[worker.id][0].verb == STOP
        process.send_signal(signal.SIGCONT)
        assert process.wait(30) == 0
    assert not raw.exists(engine.store.keys.orders(worker.id))


def test_a_worker_says_how_much_memory_it_has(raw, redis_url, started):
    _, worker_of = started
    with seeds.worker_process(redis_url) as process:
        assert worker_of(process).facts["memory_bytes"] > 1_000_000


def test_a_quiet_worker_that_works_once_leaves_what_waits(raw, make_engine):
    task_id = queue_task(raw, functions.nothing)
    worker = Worker(make_engine(), executor="sync")
    worker._orders.quiet = True
    worker.run(once=True)
    assert members(raw, "queued") == [task_id]


def test_what_stands_in_the_orders_may_be_anything(raw, redis_url, started):
    engine, worker_of = started
    with seeds.worker_process(redis_url) as process:
        worker = worker_of(process)
        odd = {"kill": b"\xff", "stop_all": "{}", "quiet": json.dumps([1])}
        raw.hset(engine.store.keys.orders(worker.id), mapping=odd)
        wait_until(lambda: is_quiet(engine, worker), 20)
        assert process.poll() is None
