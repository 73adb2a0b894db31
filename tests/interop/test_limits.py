"""Limits count what both sides do: workers at a queue, and tasks in it."""

import datetime

import pytest

from queue_core import QueueFullException
from tests.interop import errands
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("semaphores_may_stay")


@pytest.fixture
def two_tasks(engine, notes, tmp_path):
    """Two tasks in one queue, each of which waits until it is released."""
    for _ in range(2):
        engine.delay(errands.wait_for_turn, args=[str(notes), str(tmp_path)], queue="orders")


def _release(tmp_path, *numbers):
    for number in numbers:
        (tmp_path / f"released-{number}").touch()


@pytest.mark.usefixtures("two_tasks")
def test_our_limited_worker_stays_away_while_theirs_is_at_the_queue(tiger, raw, our_worker, notes, tmp_path, visited):
    with tiger.command("-q", "orders", "-M", "1"):
        wait_until(lambda: notes.words == ["begin-1"], 60)
        with our_worker("-M", "1", "-q", "orders,elsewhere", lease_seconds=60):
            visited()
            assert "begin-2" not in notes.words
            _release(tmp_path, 1, 2)
            wait_until(lambda: not raw.keys("t:task:*"), 60)


@pytest.mark.usefixtures("two_tasks")
def test_their_limited_worker_stays_away_while_ours_is_at_the_queue(tiger, raw, our_worker, notes, tmp_path, visited):
    with our_worker("-M", "1", "-q", "orders"):
        wait_until(lambda: notes.words == ["begin-1"], 60)
        with tiger.worker(max_workers_per_queue=1, queues="orders,elsewhere"):
            visited()
            assert "begin-2" not in notes.words
            _release(tmp_path, 1, 2)
            wait_until(lambda: not raw.keys("t:task:*"), 60)


@pytest.mark.usefixtures("two_tasks")
def test_two_may_be_at_the_queue_where_the_limit_is_two(tiger, raw, our_worker, notes, tmp_path):
    with our_worker("-M", "2"), tiger.worker(max_workers_per_queue=2):
        wait_until(lambda: notes.words == ["begin-1", "begin-2"], 60)
        assert raw.zcard("t:qslock:orders") == 2
        _release(tmp_path, 1, 2)
        wait_until(lambda: not raw.keys("t:task:*"), 60)


def test_a_full_queue_is_full_for_both(tiger, engine, notes):
    ours = {"args": [str(notes)], "queue": "orders", "max_queue_size": 2}
    theirs = {"queue": "orders", "max_queue_size": 2}
    assert tiger.delay(errands.note, notes, **theirs)
    engine.delay(errands.note, when=datetime.timedelta(hours=1), **ours)
    assert tiger.delay(errands.note, notes, **theirs) is None
    with pytest.raises(QueueFullException):
        engine.delay(errands.note, **ours)
    assert engine.browse.sizes("orders") == {"queued": 1, "active": 0, "scheduled": 1, "error": 0}


def test_a_task_that_the_other_side_runs_still_counts(tiger, engine, raw, our_worker, notes, tmp_path):
    released = tmp_path / "released"
    with our_worker():
        tiger.delay(errands.wait_for, notes, released, queue="orders", max_queue_size=1)
        wait_until(lambda: notes.words == ["begin"], 60)
        assert tiger.delay(errands.note, notes, queue="orders", max_queue_size=1) is None
        released.touch()
        wait_until(lambda: not raw.keys("t:task:*"), 60)
    with tiger.worker():
        released.unlink()
        engine.delay(errands.wait_for, args=[str(notes), str(released)], queue="orders", max_queue_size=1)
        wait_until(lambda: notes.words == ["begin", "end", "begin"], 60)
        with pytest.raises(QueueFullException):
            engine.delay(errands.note, args=[str(notes)], queue="orders", max_queue_size=1)
        released.touch()
        wait_until(lambda: not raw.keys("t:task:*"), 60)
