"""What one side records of failed runs, the other reads, counts and removes."""

import os
import signal
import socket

import pytest

from queue_core import Actor
from tests.interop import errands
from tests.waiting import wait_until

ANNA = Actor("anna", "web")
ALWAYS = {"time_started", "time_failed", "exception_name", "success", "host", "traceback"}


def test_they_read_the_failed_runs_that_ours_has_recorded(tiger, engine, raw, our_worker):
    options = {"retry_method": ["fixed", [0.01, 3]], "max_stored_executions": 2}
    task_id = tiger.delay(errands.fail, "größer", queue="orders", **options)
    with our_worker():
        wait_until(lambda: engine.browse.sizes("orders")["error"], 60)
    count, runs = tiger.act("failed_runs", queue="orders", state="error", task_id=task_id)
    assert (count, len(runs)) == (4, 2)
    for run in runs:
        assert run.keys() >= ALWAYS and run["success"] is False and run["host"] == socket.gethostname()
        assert run["time_started"] <= run["time_failed"]
        assert run["traceback"].endswith("ValueError: größer\n")


@pytest.mark.parametrize("ours_runs", [True, False], ids=["on ours", "on theirs"])
def test_both_sides_write_the_same_fields(tiger, engine, raw, our_worker, ours_runs):
    task = engine.delay(errands.fail, queue="orders")
    with our_worker() if ours_runs else tiger.worker():
        wait_until(lambda: engine.browse.sizes("orders")["error"], 60)
    _, (run,) = tiger.act("failed_runs", queue="orders", state="error", task_id=task.id)
    assert run.keys() == ALWAYS


def test_they_can_read_and_retry_a_task_whose_worker_of_ours_was_lost(tiger, engine, raw, our_worker, notes, tmp_path):
    task_id = tiger.delay(errands.wait_for_turn, notes, tmp_path, queue="orders")
    with our_worker() as process:
        wait_until(lambda: notes.words == ["begin-1"], 60)
        os.killpg(process.pid, signal.SIGKILL)
    with our_worker("-q", "elsewhere"):
        wait_until(lambda: engine.browse.sizes("orders")["error"], 60)
    assert tiger.exceptions_of("orders", task_id) == ["tasktiger.exceptions:JobTimeoutException"]
    (tmp_path / "released-2").touch()
    with tiger.command("-q", "orders"):
        tiger.act("retry", queue="orders", task_id=task_id)
        wait_until(lambda: not raw.keys("t:task:*"), 60)
    assert notes.words == ["begin-1", "begin-2", "end-2"]


def test_a_task_of_ours_whose_child_was_killed_is_retried_by_their_worker_as_it_says(
    tiger, engine, raw, our_worker, notes, tmp_path
):
    options = {"retry_method": ["fixed", [0.01, 1]]}
    task_id = tiger.delay(errands.die, notes, queue="orders", **options)
    with our_worker():
        wait_until(lambda: engine.browse.sizes("orders")["error"], 60)
    assert notes.words == ["ran", "ran"]
    count, runs = tiger.act("failed_runs", queue="orders", state="error", task_id=task_id)
    assert count == len(runs) == 2


def test_they_purge_our_errors_and_nothing_stays_behind(tiger, engine, raw, work):
    for _ in range(3):
        engine.delay(errands.fail, queue="orders")
    work()
    assert tiger.act("purge", queue="orders") == 3
    assert not raw.keys("t:task:*") and not raw.keys("t:error*")


def test_we_purge_their_errors_and_nothing_stays_behind(tiger, engine, raw):
    for _ in range(2):
        tiger.delay(errands.fail, queue="orders")
    with tiger.worker():
        wait_until(lambda: engine.browse.sizes("orders")["error"] == 2, 60)
    operation = engine.operations.start("delete", "orders", "error", actor=ANNA)
    engine.operations.run_small(operation)
    assert not raw.keys("t:task:*") and not raw.keys("t:error*")


def test_they_list_and_count_what_we_have_enqueued_failed_and_scheduled(tiger, engine, work):
    failed = engine.delay(errands.fail, args=["größer"], queue="orders")
    work()
    queued = engine.delay(errands.fail, kwargs={"text": "x"}, queue="orders")
    name = "tests.interop.errands:fail"
    assert tiger.act("counts") == {"orders": {"queued": 1, "error": 1}}
    assert tiger.act("listed", queue="orders", state="error") == [1, [[failed.id, name, ["größer"], {}]]]
    assert tiger.act("listed", queue="orders", state="queued") == [1, [[queued.id, name, [], {"text": "x"}]]]
