"""Who respects whose pause."""

import pytest

from queue_core import Actor
from tests.interop import errands
from tests.waiting import wait_until

ANNA = Actor("anna", "web")


@pytest.mark.usefixtures("semaphores_may_stay")
def test_their_limited_worker_respects_our_pause_until_it_is_lifted(tiger, engine, notes, visited):
    engine.control.pause("orders", actor=ANNA, reason="a fix ships")
    with tiger.worker(max_workers_per_queue=1):
        engine.delay(errands.note, args=[str(notes), "paused"], queue="orders")
        visited()
        assert "paused" not in notes.words and engine.browse.sizes("orders")["queued"] == 1
        engine.control.resume("orders", actor=ANNA)
        wait_until(lambda: "paused" in notes.words, 60)


def test_their_unlimited_worker_does_not_know_of_pauses(tiger, engine, notes):
    engine.control.pause("orders", actor=ANNA, reason="a fix ships")
    with tiger.worker():
        engine.delay(errands.note, args=[str(notes)], queue="orders")
        wait_until(lambda: notes.words == ["ran"], 60)


def test_our_worker_respects_a_lock_that_their_application_has_set(tiger, engine, work, notes):
    tiger.act("lock_queue", queue="orders", seconds=3600)
    engine.delay(errands.note, args=[str(notes)], queue="orders")
    work()
    assert notes.words == [] and engine.browse.sizes("orders")["queued"] == 1
    pause = engine.control.pause_of("orders")
    assert (pause.queue, pause.by) == ("orders", None) and pause.until_at > engine.clock.now() + 3000
    engine.control.resume("orders", actor=ANNA)
    work()
    assert notes.words == ["ran"]


def test_our_worker_goes_on_when_their_lock_has_ended(tiger, engine, our_worker, notes):
    tiger.act("lock_queue", queue="orders", seconds=1)
    engine.delay(errands.note, args=[str(notes)], queue="orders")
    with our_worker(reread_seconds=0.2):
        wait_until(lambda: notes.words == ["ran"], 60)


def test_a_lock_that_either_side_sets_is_seen_by_the_other(tiger, engine):
    until_at = engine.clock.now() + 3600
    engine.control.pause("orders", actor=ANNA, reason="a fix ships", until=until_at)
    assert tiger.act("locked_until", queue="orders") == pytest.approx(until_at, abs=2)
    tiger.act("lock_queue", queue="pictures", seconds=3600)
    seen = {pause.queue: pause.by for pause in engine.control.pauses()} | {
        "pictures": engine.control.pause_of("pictures").by
    }
    assert seen == {"orders": "anna", "pictures": None}
    engine.control.resume("pictures", actor=ANNA)
    assert tiger.act("locked_until", queue="pictures") is None


@pytest.mark.usefixtures("semaphores_may_stay")
def test_a_lock_stops_their_worker_at_a_single_worker_queue_and_its_subqueues_only(tiger, engine, notes, visited):
    for queue in ("orders.north", "pictures"):
        engine.control.pause(queue, actor=ANNA, reason="a fix ships")
    with tiger.worker({"SINGLE_WORKER_QUEUES": ["orders"]}):
        engine.delay(errands.note, args=[str(notes), "north"], queue="orders.north")
        engine.delay(errands.note, args=[str(notes), "south"], queue="orders.south")
        engine.delay(errands.note, args=[str(notes), "picture"], queue="pictures")
        wait_until(lambda: {"south", "picture"} <= set(notes.words), 60)
        visited()
    assert "north" not in notes.words and engine.browse.sizes("orders.north")["queued"] == 1
