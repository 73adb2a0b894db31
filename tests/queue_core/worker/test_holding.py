"""What workers do with tasks that are held."""

import os
import signal
import time

import pytest

from queue_core import Actor
from queue_core.duties import Duties
from queue_core.hold import aside_score
from tests.checker import assert_sound
from tests.queue_core.worker import functions
from tests.queue_core.worker.seeds import MODULE, executions, lines, members, queue_task, wait_gone, worker_process
from tests.waiting import wait_until

ANNA = Actor("anna", "web")
BOTH = pytest.mark.parametrize("executor", ["fork", "sync"])
LONG_SECONDS = 60.0


def hold(engine, function=functions.note, **more):
    name = f"{MODULE}:{function.__name__}"
    return engine.holds.hold_function(name, actor=ANNA, reason="a fix ships", **more)


@BOTH
def test_a_held_task_waits_aside_and_others_run(raw, make_engine, run_once, executor, tmp_path):
    engine = make_engine()
    hold(engine)
    held = queue_task(raw, functions.note, str(tmp_path / "log"), score=1_795_000_000.25)
    other = queue_task(raw, functions.nothing)
    run_once(executor)
    assert lines(tmp_path / "log") == [] and not raw.exists(f"t:task:{other}")
    assert raw.zscore("t:scheduled:orders", held) == aside_score(1_795_000_000.25)
    assert executions(raw, held) == [] and not raw.hexists("t:x:recoveries", held)
    assert_sound(raw)


@BOTH
def test_released_tasks_run_in_their_order(raw, redis_url, make_engine, run_once, executor, tmp_path):
    engine = make_engine()
    held = hold(engine)
    for number in range(5):
        queue_task(raw, functions.note, str(tmp_path / "log"), f"n{number}", score=1000.0 + number)
    run_once(executor)
    engine.holds.release(held.id, actor=ANNA)
    with worker_process(redis_url, executor):
        wait_until(lambda: len(lines(tmp_path / "log")) == 5, LONG_SECONDS)
    assert lines(tmp_path / "log") == [f"n{number}" for number in range(5)]


def test_held_tasks_of_a_batch_queue_wait_and_the_others_run_together(raw, make_engine, run_once, tmp_path):
    hold(make_engine())
    ids = [queue_task(raw, functions.note, str(tmp_path / "log"), queue="batch") for _ in range(3)]
    queue_task(raw, functions.nothing, queue="batch")
    run_once("sync", settings={"batch_queues": {"batch": 10}})
    assert sorted(members(raw, "scheduled", "batch")) == sorted(ids) and members(raw, "queued", "batch") == []


def test_what_is_retried_while_it_is_held_goes_aside_again(raw, make_engine, run_once):
    engine = make_engine()
    task_id = queue_task(raw, functions.fail)
    run_once()
    assert members(raw, "error") == [task_id]
    hold(engine, functions.fail)
    engine.control.retry("orders", task_id, actor=ANNA)
    run_once()
    assert members(raw, "scheduled") == [task_id] and len(executions(raw, task_id)) == 1


def retried_of_a_held_group(raw, engine, run_once) -> str:
    """The id of a task that failed, whose error group is held, and which was retried since."""
    task_id = queue_task(raw, functions.fail, "no order 5")
    run_once()
    engine.snapshot.take()
    for _ in Duties(engine).index_errors():
        pass
    (group,) = engine.error_groups.summary().groups
    engine.holds.hold_group(group, actor=ANNA, reason="a fix ships")
    engine.control.retry("orders", task_id, actor=ANNA)
    return task_id


def test_a_group_that_is_held_keeps_its_retries_and_not_what_never_failed(raw, make_engine, run_once, tmp_path):
    engine = make_engine()
    task_id = retried_of_a_held_group(raw, engine, run_once)
    fresh = queue_task(raw, functions.fail, "no order 6")
    run_once()
    assert members(raw, "scheduled") == [task_id] and members(raw, "error") == [fresh]


@BOTH
def test_two_workers_and_a_hold_that_ends_lose_and_repeat_nothing(raw, redis_url, make_engine, executor, tmp_path):
    engine = make_engine()
    hold(engine, until=engine.store.now() + 4)
    ids = [queue_task(raw, functions.note, str(tmp_path / "log"), f"n{number}") for number in range(20)]
    with worker_process(redis_url, executor), worker_process(redis_url, executor):
        wait_until(lambda: engine.holds.counts() or lines(tmp_path / "log"), LONG_SECONDS)
        for task_id in ids:
            wait_gone(raw, task_id, LONG_SECONDS)
    assert sorted(lines(tmp_path / "log")) == sorted(f"n{number}" for number in range(20))
    assert engine.holds.all() == []


def test_a_worker_that_is_killed_while_it_sets_aside_loses_nothing(raw, redis_url, make_engine, tmp_path):
    engine = make_engine()
    held = hold(engine)
    ids = {queue_task(raw, functions.note, str(tmp_path / "log"), f"n{number}") for number in range(30)}
    with worker_process(redis_url, "sync") as process:
        wait_until(lambda: members(raw, "scheduled"), LONG_SECONDS)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert lines(tmp_path / "log") == []
    with worker_process(redis_url, "sync"):
        wait_until(lambda: set(members(raw, "scheduled")) == ids, LONG_SECONDS)
        engine.holds.release(held.id, actor=ANNA)
        wait_until(lambda: len(lines(tmp_path / "log")) == 30, LONG_SECONDS)
    assert len(set(lines(tmp_path / "log"))) == 30


def broken(raw):
    raw.delete("t:x:holds")
    raw.set("t:x:holds", "rubbish")


@BOTH
def test_a_worker_that_starts_while_holds_cannot_be_read_runs_nothing_that_is_held(
    raw, make_engine, run_once, executor, tmp_path
):
    hold(make_engine())
    broken(raw)
    held = queue_task(raw, functions.note, str(tmp_path / "log"), score=1_795_000_000.25)
    other = queue_task(raw, functions.nothing)
    run_once(executor)
    assert lines(tmp_path / "log") == [] and not raw.exists(f"t:task:{other}")
    assert raw.zscore("t:scheduled:orders", held) == aside_score(1_795_000_000.25)


@pytest.mark.parametrize(("queue", "expected"), [("orders", []), ("mail", ["ran"])])
def test_a_hold_of_one_queue_that_cannot_be_read_holds_there_alone(
    raw, make_engine, run_once, tmp_path, queue, expected
):
    hold(make_engine(), queue="orders")
    broken(raw)
    queue_task(raw, functions.note, str(tmp_path / "log"), queue=queue)
    run_once()
    assert lines(tmp_path / "log") == expected


def test_a_group_that_cannot_be_read_is_held_and_what_never_failed_runs(raw, make_engine, run_once, tmp_path):
    engine = make_engine()
    task_id = retried_of_a_held_group(raw, engine, run_once)
    broken(raw)
    fresh = queue_task(raw, functions.note, str(tmp_path / "log"))
    run_once()
    assert members(raw, "scheduled") == [task_id] and not raw.exists(f"t:task:{fresh}")
    assert lines(tmp_path / "log") == ["ran"]


def test_once_the_record_is_mended_what_is_held_is_read_again(raw, redis_url, make_engine, tmp_path):
    engine = make_engine()
    hold(engine)
    broken(raw)
    queue_task(raw, functions.note, str(tmp_path / "log"))
    with worker_process(redis_url, "sync"):
        wait_until(lambda: members(raw, "scheduled"), LONG_SECONDS)
        raw.delete("t:x:holds", "t:x:holds:aside")
        wait_until(lambda: lines(tmp_path / "log") == ["ran"], LONG_SECONDS)


def test_holds_of_which_nothing_can_be_read_stop_no_worker(raw, run_once, tmp_path):
    raw.set("t:x:holds", "rubbish")
    raw.set("t:x:holds:aside", "rubbish")
    queue_task(raw, functions.note, str(tmp_path / "log"))
    run_once()
    assert lines(tmp_path / "log") == ["ran"]


def test_what_runs_when_it_is_held_runs_to_its_end(raw, redis_url, make_engine, tmp_path):
    engine = make_engine()
    task_id = queue_task(raw, functions.note, str(tmp_path / "log"), score=time.time())
    session = engine.leases.session("worker-1")
    (claimed,) = session.claim("orders")
    session.start(claimed)
    hold(engine)
    session.finish(claimed)
    assert not any(step.error for step in session.drain()) and not raw.exists(f"t:task:{task_id}")
    session.close()
