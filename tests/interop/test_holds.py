"""What a TaskTiger worker meets of a hold, and what it does not know of it."""

from queue_core import Actor
from queue_core.siding import Siding
from tests.interop import errands
from tests.waiting import wait_until

ANNA = Actor("anna", "web")


def look(engine):
    for _ in Siding(engine.store).sweep():
        pass


def test_their_worker_leaves_alone_what_was_set_aside_and_runs_it_once_it_is_back(tiger, engine, notes):
    held = engine.holds.hold_function("tests.interop.errands:note", actor=ANNA, reason="a fix ships")
    for word in ("first", "second"):
        engine.delay(errands.note, args=[str(notes), word], queue="orders")
    look(engine)
    failing = engine.delay(errands.fail, queue="orders")
    with tiger.worker():
        wait_until(lambda: engine.browse.sizes("orders")["error"] == 1, 60)
        assert notes.words == [] and engine.browse.sizes("orders")["scheduled"] == 2
        engine.holds.release(held.id, actor=ANNA)
        look(engine)
        wait_until(lambda: notes.words == ["first", "second"], 60)
    engine.control.delete("orders", "error", failing.id, actor=ANNA, to_trash=False)


def test_their_worker_knows_of_no_hold_and_runs_what_it_meets_first(tiger, engine, notes):
    held = engine.holds.hold_function("tests.interop.errands:note", actor=ANNA, reason="a fix ships")
    with tiger.worker():
        engine.delay(errands.note, args=[str(notes)], queue="orders")
        wait_until(lambda: notes.words == ["ran"], 60)
    engine.holds.release(held.id, actor=ANNA)
