"""A task lock is one lock, whoever holds it."""

import pytest

from tests.checker import assert_sound
from tests.interop import errands
from tests.waiting import wait_until

WAYS = {"all arguments": {"lock": True}, "a key": {"lock_key": ["released_path"]}}


@pytest.mark.parametrize("options", WAYS.values(), ids=WAYS)
def test_our_task_waits_while_theirs_holds_the_lock(tiger, engine, raw, our_worker, notes, tmp_path, options):
    arguments = {"path": str(notes), "released_path": str(tmp_path / "released")}
    with tiger.worker(queues="theirs"), our_worker():
        tiger.delay(errands.wait_for, kwargs=arguments, queue="theirs", **options)
        wait_until(lambda: notes.words == ["begin"], 60)
        task = engine.delay(errands.wait_for, kwargs=arguments, queue="ours", **options)
        wait_until(lambda: engine.browse.states("ours", task.id) == ["scheduled"], 60)
        assert notes.words == ["begin"] and engine.browse.task("ours", task.id).executions_count == 0
        (tmp_path / "released").touch()
        wait_until(lambda: notes.words == ["begin", "end"] * 2, 60)
        wait_until(lambda: not raw.keys("t:task:*"))
    assert_sound(raw)


@pytest.mark.parametrize("options", WAYS.values(), ids=WAYS)
def test_their_task_waits_while_ours_holds_the_lock(tiger, engine, raw, our_worker, notes, tmp_path, options):
    arguments = {"path": str(notes), "released_path": str(tmp_path / "released")}
    with our_worker():
        engine.delay(errands.wait_for, kwargs=arguments, queue="ours", **options)
        wait_until(lambda: notes.words == ["begin"], 60)
        with tiger.worker(queues="theirs"):
            task_id = tiger.delay(errands.wait_for, kwargs=arguments, queue="theirs", **options)
            wait_until(lambda: engine.browse.states("theirs", task_id) == ["scheduled"], 60)
            assert notes.words == ["begin"]
            (tmp_path / "released").touch()
            wait_until(lambda: notes.words == ["begin", "end"] * 2, 60)
            wait_until(lambda: not raw.keys("t:task:*"))
