"""D2, D5, D6, D11, D23, D26: how a run ends, and what the worker makes of it."""

import json
import os
import time

import pytest

from tests.queue_core.worker import functions, seeds
from tests.queue_core.worker.seeds import MODULE, executions, lines, members, queue_task
from tests.waiting import wait_until

BOTH = pytest.mark.parametrize("executor", ["fork", "sync"])
TIMEOUT = "tasktiger.exceptions:JobTimeoutException"


@BOTH
def test_d02_a_function_that_is_not_there_is_a_failed_run_and_the_worker_goes_on(raw, run_once, executor, tmp_path):
    missing = queue_task(raw, f"{MODULE}:gone", score=1, retry_on=[TIMEOUT])
    queue_task(raw, functions.note, str(tmp_path / "log"), score=2)
    run_once(executor)
    assert members(raw, "error") == [missing]
    assert [one["exception_name"] for one in executions(raw, missing)] == ["tasktiger.exceptions:TaskImportError"]
    assert lines(tmp_path / "log") == ["ran"]


@pytest.mark.interop
def test_d02_in_tasktiger_it_ends_the_worker(raw, tasktiger):
    missing = queue_task(raw, f"{MODULE}:gone")
    status, _ = tasktiger("Worker(tiger).run(once=True)")
    assert status != 0
    assert members(raw, "active") == [missing] and not executions(raw, missing)


def test_d05_a_child_does_not_outlive_its_parent(raw, redis_url, tmp_path):
    note = tmp_path / "log"
    queue_task(raw, functions.last_noted, str(note), 30)
    with seeds.worker_process(redis_url) as parent:
        wait_until(lambda: note.exists() and note.read_text().endswith("\n"))
        child_pid = int(note.read_text().split()[1])
        parent.kill()
        wait_until(lambda: not _runs(child_pid), why="the child should die with its parent")
    assert lines(note) == ["begin"]


def test_d05_a_failed_run_of_a_task_that_is_gone_is_not_recorded(world, engine):
    world.put("queued")
    session = engine.leases.session("worker-1")
    (claimed,) = session.claim("orders")
    world.raw.delete("t:task:a")
    session.retry_later(claimed, 500.0, b"{}")
    assert session.drain()[0].error is None
    assert "t:task:a:executions" not in world.dump() and "t:task:a:executions_count" not in world.dump()
    session.close()


def test_d06_a_child_that_died_without_a_word_is_recorded_and_counted_itself(raw, run_once):
    task_id = queue_task(
        raw, functions.die, retry_method=["tasktiger.retry:_fixed", [0, 3]], retry_on=["builtins:ValueError"]
    )
    raw.rpush(f"t:task:{task_id}:executions", json.dumps({"exception_name": "builtins:ValueError"}))
    raw.set(f"t:task:{task_id}:executions_count", 1)
    run_once()
    newest = executions(raw, task_id)[-1]
    assert newest["exception_name"] == TIMEOUT and newest["x"]["reason"] == "killed"
    assert raw.get(f"t:task:{task_id}:executions_count") == b"2"
    assert members(raw, "error") == [task_id], "the old ValueError does not earn the death a retry"


@pytest.mark.parametrize(
    ("function", "args", "name"),
    [
        (functions.exit_politely, [0], "builtins:SystemExit"),
        (functions.exit_politely, [3], "builtins:SystemExit"),
        (functions.interrupt, [], "builtins:KeyboardInterrupt"),
        (functions.leave, [0], TIMEOUT),
    ],
)
def test_d11_no_way_out_of_a_child_counts_as_success(raw, run_once, function, args, name, tmp_path):
    task_id = queue_task(raw, function, *args, score=1)
    queue_task(raw, functions.note, str(tmp_path / "log"), score=2)
    run_once("fork")
    assert members(raw, "error") == [task_id]
    assert [one["exception_name"] for one in executions(raw, task_id)] == [name]
    assert lines(tmp_path / "log") == ["ran"], "and nothing went on in the child"


@pytest.mark.parametrize(
    "method", [[f"{MODULE}:fail", []], [f"{MODULE}:gone", []], ["tasktiger.retry:_fixed", []], ["no.such:method", [1]]]
)
def test_d23_a_retry_method_that_raises_ends_the_retries_and_not_the_worker(raw, run_once, method, tmp_path):
    task_id = queue_task(raw, functions.fail, score=1, retry_method=method)
    queue_task(raw, functions.note, str(tmp_path / "log"), score=2)
    run_once("sync")
    assert members(raw, "error") == [task_id] and lines(tmp_path / "log") == ["ran"]


@pytest.mark.parametrize("entry", [b'{"retry": true}', b'{"time_failed": 1.0}', b"no JSON", b"[]"])
def test_d23_odd_records_of_former_runs_do_not_matter(raw, run_once, entry):
    task_id = queue_task(raw, functions.die, retry_method=["tasktiger.retry:_fixed", [60, 3]])
    raw.rpush(f"t:task:{task_id}:executions", entry)
    run_once()
    assert members(raw, "scheduled") == [task_id]


@pytest.mark.slow
def test_d26_a_task_that_does_not_hear_its_hard_timeout_is_stopped_within_seconds(raw, run_once):
    began_at = time.monotonic()
    task_id = queue_task(raw, functions.hold_signals, 60, hard_timeout=0.2)
    run_once("fork")
    assert time.monotonic() - began_at < 15, "TaskTiger would take over a minute"
    (entry,) = executions(raw, task_id)
    assert members(raw, "error") == [task_id] and entry["exception_name"] == TIMEOUT


def _runs(pid) -> bool:
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
