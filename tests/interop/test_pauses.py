"""Who respects whose pause."""

from queue_core import Actor
from tests.interop import errands
from tests.waiting import wait_until

ANNA = Actor("anna", "web")


def test_their_limited_worker_respects_our_pause_until_it_is_lifted(tiger, engine, notes):
    engine.control.pause("orders", actor=ANNA, reason="a fix ships")
    with tiger.worker(max_workers_per_queue=1):
        engine.delay(errands.note, args=[str(notes), "paused"], queue="orders")
        for _ in range(3):
            _run_one_elsewhere(engine, notes)
        assert "paused" not in notes.words and engine.browse.sizes("orders")["queued"] == 1
        engine.control.resume("orders", actor=ANNA)
        wait_until(lambda: "paused" in notes.words, 20)


def test_their_unlimited_worker_does_not_know_of_pauses(tiger, engine, notes):
    engine.control.pause("orders", actor=ANNA, reason="a fix ships")
    with tiger.worker():
        engine.delay(errands.note, args=[str(notes)], queue="orders")
        wait_until(lambda: notes.words == ["ran"], 20)


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
        wait_until(lambda: notes.words == ["ran"], 20)


def _run_one_elsewhere(engine, notes):
    """By then the worker has looked at every queue at least once more."""
    before = len(notes.words)
    engine.delay(errands.note, args=[str(notes), "other"], queue="pictures")
    wait_until(lambda: len(notes.words) > before, 20)
