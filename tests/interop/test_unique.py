"""A unique task is one task, whoever enqueues it."""

import pytest

from tests.interop import errands
from tests.waiting import wait_until

WAYS = {"all arguments": {"unique": True}, "a key": {"unique_key": ["path"]}}


@pytest.fixture(params=["ours first", "theirs first"])
def ids(request, tiger, engine, notes):
    """Call it to enqueue the same unique task on both sides; the two ids."""

    def enqueue(**options):
        arguments = {"path": str(notes), "text": "größer"}
        sides = [
            lambda: engine.delay(errands.note, kwargs=arguments, queue="orders", **options).id,
            lambda: tiger.delay(errands.note, kwargs=arguments, queue="orders", **options),
        ]
        return [side() for side in (sides if request.param == "ours first" else reversed(sides))]

    return enqueue


@pytest.mark.parametrize("options", WAYS.values(), ids=WAYS)
def test_a_unique_task_that_both_sides_enqueue_is_queued_once_and_runs_once_on_ours(raw, work, ids, notes, options):
    first, second = ids(**options)
    assert first == second and raw.zrange("t:queued:orders", 0, -1) == [first.encode()]
    work()
    assert notes.words == ["größer"] and not raw.keys("t:task:*")


@pytest.mark.parametrize("options", WAYS.values(), ids=WAYS)
def test_a_unique_task_that_both_sides_enqueue_runs_once_on_theirs(tiger, raw, ids, notes, options):
    ids(**options)
    with tiger.command("-q", "orders"):
        wait_until(lambda: not raw.keys("t:task:*"), 60)
    assert notes.words == ["größer"]


def test_a_unique_task_that_they_enqueue_while_ours_runs_it_runs_once_more_afterwards(
    tiger, engine, raw, our_worker, notes, tmp_path
):
    arguments = [str(notes), str(tmp_path)]
    engine.delay(errands.wait_for_turn, args=arguments, queue="orders", unique=True)
    with our_worker():
        wait_until(lambda: notes.words == ["begin-1"], 60)
        tiger.delay(errands.wait_for_turn, *arguments, queue="orders", unique=True)
        (tmp_path / "released-1").touch()
        wait_until(lambda: notes.words == ["begin-1", "end-1", "begin-2"], 60)
        (tmp_path / "released-2").touch()
        wait_until(lambda: not raw.keys("t:task:*"), 60)
    assert notes.words == ["begin-1", "end-1", "begin-2", "end-2"]


def test_a_unique_task_that_ours_enqueues_while_theirs_runs_it_runs_once_more_afterwards(
    tiger, engine, raw, notes, tmp_path
):
    arguments = [str(notes), str(tmp_path)]
    tiger.delay(errands.wait_for_turn, *arguments, queue="orders", unique=True)
    with tiger.worker():
        wait_until(lambda: notes.words == ["begin-1"], 60)
        engine.delay(errands.wait_for_turn, args=arguments, queue="orders", unique=True)
        (tmp_path / "released-1").touch()
        wait_until(lambda: notes.words == ["begin-1", "end-1", "begin-2"], 60)
        (tmp_path / "released-2").touch()
        wait_until(lambda: not raw.keys("t:task:*"), 60)
