"""What a worker writes to the log: names that people have alarms on (wire §15)."""

import os
from datetime import timedelta

import pytest
import structlog

from queue_core import Worker
from queue_core.payload import hashed_id
from tests.queue_core.worker import functions
from tests.queue_core.worker.seeds import MODULE, QUICK, queue_task

BOTH = pytest.mark.parametrize("executor", ["fork", "sync"])


class Events(list):
    def named(self, name) -> list[dict]:
        return [entry for entry in self if entry["event"] == name]

    def one(self, name) -> dict:
        (entry,) = self.named(name)
        return entry


@pytest.fixture
def run(run_once):
    """Runs a worker until nothing is left; its events."""

    def run(*arguments, **options):
        with structlog.testing.capture_logs() as entries:
            run_once(*arguments, **options)
        return Events(entries)

    return run


def test_a_worker_says_that_it_is_ready_and_that_it_is_done(run):
    events = run("fork", queues=["orders", "a"], exclude_queues=["x"], single_worker_queues=["a"])
    ready = events.one("ready")
    assert (ready["queues"], ready["exclude_queues"], ready["single_worker_queues"]) == (["a", "orders"], ["x"], ["a"])
    assert (ready["executor"], ready["max_workers"], ready["exit_after"]) == ("ForkExecutor", None, None)
    assert ready["log_level"] == "info" and ready["pid"] == os.getpid() and ready["id"]
    assert events[-1] == {"event": "done", "log_level": "info", "pid": os.getpid()}


@BOTH
def test_a_run_is_told_from_its_beginning_to_its_end(raw, run, executor, tmp_path):
    path = str(tmp_path / "log")
    task_id = queue_task(raw, functions.note, path)
    events = run(executor, queues=["orders"])
    facts = {"queue": "orders", "func": f"{MODULE}:note", "task_id": task_id, "pid": os.getpid()}
    processing, done = events.one("processing"), events.named("done")[0]
    assert facts.items() <= processing.items() and facts.items() <= done.items()
    assert processing["params"] == {"args": [path], "kwargs": {}}
    assert ("child_pid" in processing) is (executor == "fork") and done["processing_duration"] > 0
    assert (processing["log_level"], done["log_level"]) == ("info", "info")
    assert events.one("new queue")["queue"] == "orders"
    moved = events.one("moved tasks")
    assert (moved["src_queue"], moved["dest_queue"], moved["qty"]) == ("queued", "active", 1)
    processed = events.one("processed")
    assert (processed["attempted"], processed["processed"], processed["log_level"]) == (1, 1, "debug")


def test_a_failure_says_what_is_next(raw, run):
    queue_task(raw, functions.fail, retry_method=["tasktiger.retry:_fixed", [60, 1]], queue="again")
    queue_task(raw, functions.fail, "why", queue="never")
    again, never = sorted(run().named("task error"), key=lambda entry: entry["queue"])
    assert (again["retry_func"], again["retry_num"], again["retry_delay"]) == ("tasktiger.retry:_fixed", 1, 60)
    assert "retry_func" not in never and never["task_args"] == ["why"] and never["task_kwargs"] == {}
    assert (again["log_level"], never["log_level"]) == ("warning", "error")
    assert never["exception_name"] == "builtins:ValueError" and "why" in never["traceback"] and never["time_failed"]


def test_a_lock_that_is_taken_is_told(raw, run, make_engine):
    task_id = queue_task(raw, functions.nothing, lock=True)
    make_engine().locks.acquire(hashed_id(f"{MODULE}:nothing", [], {}), "another", 30)
    event = run().one("could not acquire lock")
    assert (event["queue"], event["task_id"], event["log_level"]) == ("orders", task_id, "info")


def test_the_limit_of_a_queue_is_told(raw, run):
    queue_task(raw, functions.nothing, queue="one.sub")
    queue_task(raw, functions.nothing, queue="two")
    events = run(single_worker_queues=["one"], max_workers_per_queue=2)
    assert {event["queue"] for event in events.named("single worker queue")} == {"one.sub"}
    assert {(event["queue"], event["locks"]) for event in events.named("acquired queue lock")} == {
        ("one.sub", 1),
        ("two", 1),
    }
    assert {event["queue"] for event in events.named("released swq lock")} == {"one.sub", "two"}
    assert not raw.exists("t:qslock:one.sub", "t:qslock:two")


def test_recurring_work_is_told(run):
    assert run().one("queued periodic task")["func"] == f"{MODULE}:every_hour"
    already = run().one("periodic task already in queue")
    assert (already["func"], already["log_level"]) == (f"{MODULE}:every_hour", "debug")


def test_how_busy_it_was_is_told_every_so_often(raw, run):
    queue_task(raw, functions.last, 0.3)
    events = run("fork", settings={"stats_seconds": 0.2})
    busy = sum(event["time_busy"] for event in events.named("stats"))
    assert 0.15 < busy < 5 and all(0 <= event["utilization"] <= 100.001 for event in events.named("stats"))
    assert not run("fork", settings={"stats_seconds": 0}).named("stats")


def test_a_child_that_had_to_be_killed_is_told(raw, run):
    queue_task(raw, functions.die)
    assert run("fork").one("child killed")["return_code"] == -9


def test_an_unexpected_error_is_told_before_the_worker_ends(raw, make_engine, monkeypatch):
    worker = Worker(make_engine(), executor="sync")
    monkeypatch.setattr(worker._rounds, "make", lambda is_over: 1 / 0)
    with structlog.testing.capture_logs() as entries, pytest.raises(ZeroDivisionError):
        worker.run(once=True)
    assert Events(entries).one("exception")["log_level"] == "error"


def test_it_leaves_after_the_time_that_it_was_given(make_engine):
    worker = Worker(make_engine(**QUICK), executor="sync")
    with structlog.testing.capture_logs() as entries:
        worker.run(exit_after=timedelta(seconds=0.3))
    assert Events(entries).one("ready")["exit_after"] == "0:00:00.300000"
