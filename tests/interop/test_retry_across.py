"""An operator retries what failed on one side, and either side runs it."""

import pytest

from queue_core import Actor
from tests.checker import assert_sound
from tests.interop import errands
from tests.waiting import wait_until

ANNA = Actor("anna", "web")


@pytest.fixture
def failed_id(tiger, engine, notes):
    """A task that they have enqueued and that has failed on their worker; it succeeds once the notes exist."""
    task_id = tiger.delay(errands.fail_without, notes, queue="orders")
    with tiger.worker():
        wait_until(lambda: engine.browse.sizes("orders")["error"], 60)
    notes.path.touch()
    return task_id


def test_what_failed_on_their_worker_is_retried_and_runs_on_theirs(tiger, engine, raw, notes, failed_id):
    with tiger.worker():
        engine.control.retry("orders", failed_id, actor=ANNA)
        wait_until(lambda: notes.words == ["ran"], 60)
        wait_until(lambda: not raw.keys("t:task:*"))
    assert_sound(raw)


def test_what_failed_on_their_worker_is_retried_and_runs_on_ours(engine, raw, work, notes, failed_id):
    engine.control.retry("orders", failed_id, actor=ANNA)
    work()
    assert notes.words == ["ran"] and not raw.keys("t:task:*")
    assert_sound(raw)


def test_what_failed_on_our_worker_is_retried_and_runs_on_theirs(tiger, engine, raw, work, notes):
    task = engine.delay(errands.fail_without, args=[str(notes)], queue="orders")
    work()
    notes.path.touch()
    with tiger.worker():
        engine.control.retry("orders", task.id, actor=ANNA)
        wait_until(lambda: notes.words == ["ran"], 60)
        wait_until(lambda: not raw.keys("t:task:*"))
