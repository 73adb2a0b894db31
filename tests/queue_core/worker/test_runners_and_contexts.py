"""What an application puts around its functions: runner classes and context managers."""

import pytest
import structlog

from tests.queue_core.worker import functions
from tests.queue_core.worker.seeds import MODULE, executions, lines, members, queue_task

BOTH = pytest.mark.parametrize("executor", ["fork", "sync"])
TOGETHER = {"batch_queues": {"orders": 10}}


@pytest.fixture
def log(tmp_path, monkeypatch):
    monkeypatch.setenv("NOTES", str(tmp_path / "log"))
    return str(tmp_path / "log")


@pytest.fixture
def events():
    with structlog.testing.capture_logs() as entries:
        yield entries


def runner(name):
    return {"runner_class": f"{MODULE}:{name}"}


@BOTH
def test_a_runner_calls_the_function_its_own_way(raw, run_once, executor, log):
    queue_task(raw, functions.note, log, hard_timeout=7, **runner("NotingRunner"))
    run_once(executor, queues=["orders"])
    assert lines(log) == ["single-7", "ran"] and not raw.keys("t:task:*")


@BOTH
def test_a_runner_is_given_a_batch_whole(raw, run_once, executor, log):
    for _ in range(3):
        queue_task(raw, functions.batch_note, log, 1, **runner("NotingRunner"))
    run_once(executor, queues=["orders"], settings=TOGETHER)
    assert lines(log) == ["batch-of-3"] and not raw.keys("t:task:*")


@BOTH
def test_a_runner_hears_of_a_task_that_has_failed_for_good_and_its_fault_ends_nothing(raw, run_once, executor, log):
    failed = queue_task(raw, functions.fail_after, log, score=1, **runner("NotingRunner"))
    queue_task(raw, functions.note, log, "next", score=2)
    run_once(executor, queues=["orders"])
    assert lines(log) == ["single-300", "gave-up-builtins:ValueError", "next"] and members(raw, "error") == [failed]


def test_a_runner_does_not_hear_of_a_task_that_is_retried(raw, run_once, log):
    retry = {"retry_method": ["tasktiger.retry:_fixed", [60, 3]]}
    queue_task(raw, functions.fail_after, log, **retry, **runner("NotingRunner"))
    run_once("sync")
    assert lines(log) == ["single-300"]


def test_a_runner_may_have_a_longer_limit_than_the_task(raw, run_once, log):
    queue_task(raw, functions.last_noted, log, 0.5, hard_timeout=0.1, **runner("PatientRunner"))
    run_once("fork")
    assert lines(log) == ["begin", "end"] and not members(raw, "error")


def test_a_runner_may_have_a_shorter_limit_than_the_task(raw, run_once, log):
    task_id = queue_task(raw, functions.last_noted, log, 30, **runner("HastyRunner"))
    run_once("fork")
    assert executions(raw, task_id)[0]["exception_name"] == "tasktiger.exceptions:JobTimeoutException"


def test_a_runner_without_a_limit_is_stopped_by_that_of_the_task(raw, run_once, log):
    task_id = queue_task(raw, functions.last_noted, log, 30, hard_timeout=0.2, **runner("NotingRunner"))
    run_once("fork")
    assert executions(raw, task_id)[0]["exception_name"] == "tasktiger.exceptions:JobTimeoutException"


@BOTH
@pytest.mark.parametrize("name", [f"{MODULE}:gone", "os:getpid", f"{MODULE}:BrokenRunner"])
def test_a_runner_class_that_is_not_to_be_had_is_a_failed_run(raw, run_once, executor, name, log, events):
    task_id = queue_task(raw, functions.note, log, runner_class=name)
    run_once(executor)
    assert executions(raw, task_id)[0]["exception_name"] == "tasktiger.exceptions:TaskImportError"
    assert lines(log) == [] and members(raw, "error") == [task_id]
    assert [one["runner_class_path"] for one in events if one["event"] == "could not import runner class"] == [name]


def test_tasktigers_own_runner_is_understood_without_it(raw, run_once, log):
    queue_task(raw, functions.note, log, runner_class="tasktiger.runner:DefaultRunner")
    run_once("sync")
    assert lines(log) == ["ran"]


@BOTH
def test_tasks_with_different_runners_cannot_run_in_one_go(raw, run_once, executor, log, events):
    ids = {
        queue_task(raw, functions.batch_note, log, 1, score=1),
        queue_task(raw, functions.batch_note, log, 2, score=2, **runner("NotingRunner")),
    }
    run_once(executor, settings=TOGETHER)
    assert set(members(raw, "error")) == ids
    assert lines(log) == ["gave-up-builtins:ValueError"], "nothing ran, and the one with a runner told it so"
    assert {executions(raw, task_id)[0]["exception_name"] for task_id in ids} == {"builtins:ValueError"}
    assert "cannot mix multiple runner classes" in [one["event"] for one in events]


@BOTH
def test_contexts_are_entered_in_order_around_the_run(raw, run_once, executor, log):
    queue_task(raw, functions.note, log)
    run_once(executor, settings={"child_context_managers": (functions.context_a, functions.context_b)})
    assert lines(log) == ["a-in", "b-in", "ran", "b-out", "a-out"]


@BOTH
def test_contexts_may_be_context_managers_themselves(raw, run_once, executor, log):
    """As in TaskTiger's CHILD_CONTEXT_MANAGERS; also of those that serve only once, run after run."""
    for number in range(2):
        queue_task(raw, functions.note, log, score=number + 1)
    run_once(executor, settings={"child_context_managers": [functions.context_a(), functions.NotingContext("object")]})
    assert lines(log) == ["a-in", "object-in", "ran", "object-out", "a-out"] * 2


@BOTH
def test_contexts_are_entered_once_around_a_batch(raw, run_once, executor, log):
    for number in range(2):
        queue_task(raw, functions.batch_note, log, number, score=number + 1)
    run_once(executor, settings={"child_context_managers": (functions.context_a,), **TOGETHER})
    assert lines(log) == ["a-in", "0,1", "a-out"]


@BOTH
def test_a_context_that_cannot_be_entered_is_a_failed_run(raw, run_once, executor, log):
    task_id = queue_task(raw, functions.note, log)
    run_once(executor, settings={"child_context_managers": (functions.broken_context,)})
    assert lines(log) == [] and "no context today" in executions(raw, task_id)[0]["traceback"]


def test_every_child_draws_other_random_numbers(raw, run_once, log):
    for _ in range(3):
        queue_task(raw, functions.note_random, log)
    run_once("fork")
    assert len(set(lines(log))) == 3
