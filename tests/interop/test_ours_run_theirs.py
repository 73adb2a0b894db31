"""Our worker runs what TaskTiger has enqueued."""

import pytest

from tests.checker import assert_sound
from tests.interop import errands
from tests.waiting import wait_until

WAYS = {
    "plain": {},
    "unique": {"unique": True},
    "unique by a key": {"unique_key": ["path"]},
    "locked": {"lock": True},
    "locked by a key": {"lock_key": ["path"]},
    "with all options": {
        "hard_timeout": 9.5,
        "lock": True,
        "retry_method": ["exponential", [1, 2, 3]],
        "retry_on": ["JobTimeoutException", "ValueError"],
        "max_stored_executions": 5,
    },
}


@pytest.mark.parametrize("options", WAYS.values(), ids=WAYS)
def test_our_worker_runs_their_task_and_nothing_stays_behind(tiger, raw, work, notes, options):
    tiger.delay(errands.note, kwargs={"path": str(notes), "text": "größer"}, queue="orders.north", **options)
    work()
    assert notes.words == ["größer"]
    assert not raw.keys("t:task:*")
    assert_sound(raw)


def test_our_worker_promotes_and_runs_their_task_that_is_due_later(tiger, raw, our_worker, notes):
    tiger.delay(errands.note, notes, queue="orders", when_seconds=0.3)
    with our_worker():
        wait_until(lambda: notes.words == ["ran"], 60)
        wait_until(lambda: not raw.keys("t:task:*"))


def test_our_worker_retries_their_task_as_often_as_it_says_and_they_can_read_what_happened(
    tiger, engine, raw, our_worker
):
    task_id = tiger.delay(
        errands.fail, "no", queue="orders", retry_method=["fixed", [0.05, 2]], retry_on=["ValueError"]
    )
    with our_worker():
        wait_until(lambda: engine.browse.sizes("orders")["error"], 60)
    executions = tiger.exceptions_of("orders", task_id)
    assert executions == ["builtins:ValueError"] * 3
    assert_sound(raw)


def test_their_task_is_not_retried_on_an_exception_that_it_does_not_name(tiger, engine, work):
    task_id = tiger.delay(errands.fail, queue="orders", retry_on=["JobTimeoutException"])
    work()
    assert engine.browse.task("orders", task_id).state == "error"
    assert tiger.exceptions_of("orders", task_id) == ["builtins:ValueError"]


def test_a_retry_exception_of_tasktiger_is_known_by_its_name(tiger, engine, raw, our_worker, notes):
    task_id = tiger.delay(errands.ask_for_retry, notes, 2, queue="orders")
    with our_worker():
        wait_until(lambda: engine.browse.sizes("orders")["error"], 60)
    assert notes.words == ["ran"] * 3
    names = tiger.exceptions_of("orders", task_id)
    assert names == ["tasktiger.exceptions:RetryException"] * 3
    newest = engine.browse.task("orders", task_id).executions[0]
    assert newest.exception_name == "tasktiger.exceptions:RetryException"
    assert_sound(raw)


def test_a_hard_timeout_that_they_asked_for_ends_the_run(tiger, engine, our_worker, notes):
    task_id = tiger.delay(errands.last, notes, 30, queue="orders", hard_timeout=0.3)
    with our_worker():
        wait_until(lambda: engine.browse.sizes("orders")["error"], 60)
    names = tiger.exceptions_of("orders", task_id)
    assert names == ["tasktiger.exceptions:JobTimeoutException"]


def test_they_can_retry_what_failed_on_our_worker(tiger, engine, work, notes, tmp_path):
    task_id = tiger.delay(errands.fail_without, notes, queue="orders")
    work()
    notes.path.touch()
    tiger.act("retry", queue="orders", task_id=task_id)
    with tiger.worker():
        wait_until(lambda: notes.words == ["ran"], 60)
        wait_until(lambda: not engine.store.client.keys("t:task:*"))
