"""Holds from outside: who is held, what waits, and what comes back."""

import json
import time

import pytest

from queue_core import Actor
from queue_core.error_group import ErrorGroup
from queue_core.errors import InvalidRequest, NotHeld, StoreCorrupt
from queue_core.execution import read_execution
from queue_core.fingerprint import DIED, fingerprint
from queue_core.hold import Hold, aside_score, read_holds, stands_aside
from queue_core.siding import Siding
from tests.builders import HOSTILE_ID, HOSTILE_QUEUE
from tests.checker import assert_sound

ANNA = Actor("anna", "web")
WORK = "app.tasks:work"


def hold(engine, func=WORK, **more):
    return engine.holds.hold_function(func, **{"actor": ANNA, "reason": "a fix ships"} | more)


def look(engine, siding=None):
    """As the sweeper does; (verb, queue, tasks) of what it moved."""
    moved = filter(None, (siding or Siding(engine.store)).sweep())
    return [(one.verb, one.queue, one.count) for one in moved]


def failed_run(text="no such order"):
    traceback = (
        "Traceback (most recent call last):\n"
        '  File "/app/tasks.py", line 8, in work\n    raise ValueError\n'
        f"ValueError: {text}\n"
    )
    return json.dumps({"exception_name": "builtins:ValueError", "traceback": traceback, "time_failed": 5.0})


def group_of(run, functions=((WORK, 3),)):
    execution = read_execution(0, run, "")
    found = fingerprint(execution.exception_name, execution.traceback)
    return ErrorGroup(found.id, found.exception, found.title, "", True, 3, 3, 1.0, 2.0, functions=functions)


# -- holding and releasing --


def test_a_hold_says_who_holds_what_where_and_why(engine, world):
    until = engine.store.now() + 600
    held = hold(engine, queue="orders", until=until)
    (found,) = engine.holds.all()
    assert found == held and engine.holds.get(held.id) == held and engine.holds.find(WORK, "orders") == held
    assert (found.name, found.queue, found.by, found.reason) == (WORK, "orders", "anna", "a fix ships")
    assert found.until_at == until
    assert_sound(world.raw)


def test_holding_again_replaces_reason_and_end(engine):
    hold(engine, until=engine.store.now() + 600)
    hold(engine, reason="it takes longer")
    (found,) = engine.holds.all()
    assert (found.reason, found.until_at) == ("it takes longer", None)


def test_holding_and_releasing_are_acts(engine, world):
    held = hold(engine)
    engine.holds.release(held.id, actor=ANNA, reason="mended")
    acts = [json.loads(one) for one in world.dump()["t:x:audit"]]
    assert [(one["verb"], one["actor"], one["reason"]) for one in acts] == [
        ("hold", "anna", "a fix ships"),
        ("release", "anna", "mended"),
    ]
    assert engine.holds.all() == []


@pytest.mark.parametrize(
    "wrong",
    [{"reason": " "}, {"func": " "}, {"until": 5.0}, {"until": float("inf")}, {"until": float("nan")}],
    ids=str,
)
def test_a_hold_without_name_or_reason_or_with_an_end_in_the_past_is_refused(engine, world, wrong):
    with pytest.raises(InvalidRequest):
        hold(engine, **wrong)
    assert world.dump() == {}


def test_what_is_not_held_cannot_be_released(engine):
    with pytest.raises(NotHeld):
        engine.holds.release("nothing", actor=ANNA)
    with pytest.raises(NotHeld):
        engine.holds.find(WORK)


def test_a_hold_ends_with_its_time_and_one_that_was_renewed_does_not(engine, world):
    over = hold(engine, until=engine.store.now() + 600)
    stays = hold(engine, "app.tasks:other")
    record = json.loads(world.raw.hget("t:x:holds", over.id)) | {"until_at": 5.0}
    world.raw.hset("t:x:holds", over.id, json.dumps(record))
    assert [one.id for one in engine.holds.all()] == [stays.id]
    assert [one.id for one in engine.holds.lapse()] == [over.id]
    assert engine.holds.lapse() == [] and list(world.dump()["t:x:holds"]) == [stays.id]


def test_a_group_whose_tasks_nothing_tells_before_a_run_is_not_held(engine):
    group = ErrorGroup(DIED.id, DIED.exception, DIED.title, "", False, 3, 3, 1.0, 2.0)
    with pytest.raises(InvalidRequest, match="hold the function"):
        engine.holds.hold_group(group, actor=ANNA, reason="a look")


def test_records_that_cannot_be_read_cover_nothing_and_can_be_released(engine, world):
    odd = {
        b"h1": b"rubbish",
        b"h2": b'{"kind": "function", "name": 5}',
        b"\xff": b'{"kind": "function", "name": "a", "title": "", "by": "", "door": "", "reason": "", "queue": [1]}',
    }
    world.raw.hset("t:x:holds", mapping=odd)
    found = engine.holds.all()
    assert len(found) == 3 and not any(one.known or one.may_cover("a", "orders") for one in found)
    for one in found:
        engine.holds.release(one.id, actor=ANNA)
    assert engine.holds.all() == []


def test_a_place_that_holds_something_else_is_told(engine, world):
    world.raw.set("t:x:holds", "rubbish")
    with pytest.raises(StoreCorrupt):
        engine.holds.all()
    world.raw.set("t:x:holds:aside", "rubbish")
    world.raw.lpush("t:x:holds:waiting", "rubbish")
    assert engine.holds.counts() == {} and engine.holds.waiting() is None


# -- what the sweeper moves --


def test_what_is_held_goes_aside_and_comes_back_to_its_place(engine, world):
    for number in range(450):
        world.put("queued", task_id=f"{number:03}", score=1000.0 + number)
    world.put("queued", task_id="other", score=1200.5, func="app.tasks:other")
    before = world.scores("queued")
    held = hold(engine)
    siding = Siding(engine.store)
    assert sum(count for _, _, count in look(engine, siding)) == 450
    assert list(world.scores("queued")) == ["other"]
    look(engine, siding)
    assert engine.holds.waiting().queues == (("orders", 450),) and engine.holds.counts() == {held.id: 450}
    engine.holds.release(held.id, actor=ANNA)
    assert look(engine, siding) == [("put back", "orders", count) for count in (200, 200, 50)]
    assert world.scores("queued") == before
    assert engine.holds.waiting() is None
    assert_sound(world.raw)


def test_a_hold_of_one_queue_leaves_the_others_alone(engine, world):
    for queue in ("orders", "orders.eu"):
        world.put("queued", queue, f"in {queue}")
    hold(engine, queue="orders.eu")
    assert look(engine) == [("set aside", "orders.eu", 1)]


def test_only_what_no_hold_covers_any_more_comes_back(engine, world):
    world.put("queued", task_id="a", score=5.0)
    world.put("queued", task_id="b", score=6.0, func="app.tasks:other")
    held, siding = hold(engine), Siding(engine.store)
    hold(engine, "app.tasks:other")
    look(engine, siding)
    engine.holds.release(held.id, actor=ANNA)
    look(engine, siding)
    assert world.scores("queued") == {"a": 5.0} and world.scores("scheduled") == {"b": aside_score(6.0)}


def test_what_was_deleted_and_restored_meanwhile_comes_back_too(engine, world):
    world.put("queued", task_id="a", score=5.0)
    held = hold(engine)
    look(engine)
    entry = engine.control.delete("orders", "scheduled", "a", actor=ANNA)
    engine.holds.release(held.id, actor=ANNA)
    look(engine)
    engine.trash.restore(entry, actor=ANNA)
    look(engine)
    assert world.scores("queued") == {"a": 5.0}


def test_of_a_group_only_what_failed_in_its_way_goes_aside(engine, world):
    for task_id in ("same", "another way", "never failed"):
        world.put("queued", task_id=task_id)
    world.raw.rpush("t:task:same:executions", failed_run("no order 1"))
    world.raw.rpush("t:task:another way:executions", failed_run(), failed_run("a different thing"))
    held = engine.holds.hold_group(group_of(failed_run("no order 2")), actor=ANNA, reason="a fix ships")
    assert look(engine) == [("set aside", "orders", 1)]
    assert list(world.scores("scheduled")) == ["same"]
    assert held.functions == (WORK,)
    engine.holds.release(held.id, actor=ANNA)
    look(engine)
    assert len(world.scores("queued")) == 3


def test_what_is_planned_stays_where_it_is(engine, world):
    world.put("scheduled", score=2_000_000_000.0)
    hold(engine)
    assert look(engine) == [] and world.scores("scheduled") == {"a": 2_000_000_000.0}


def test_odd_names_and_broken_queues_stop_nothing(engine, world):
    world.put("queued", HOSTILE_QUEUE, HOSTILE_ID, score=7.0)
    world.raw.zadd("t:queued:orders", {"no payload": 1.0})
    world.raw.sadd("t:queued", "orders", "broken")
    world.raw.set("t:queued:broken", "rubbish")
    world.raw.set("t:scheduled:broken", "rubbish")
    world.raw.sadd("t:scheduled", "broken")
    held, siding = hold(engine), Siding(engine.store)
    assert look(engine, siding) == [("set aside", HOSTILE_QUEUE, 1)]
    engine.holds.release(held.id, actor=ANNA)
    assert look(engine, siding) == [("put back", HOSTILE_QUEUE, 1)]


def test_when_nobody_can_say_what_is_held_nothing_moves(engine, world):
    world.put("scheduled", score=aside_score(5.0))
    world.raw.set("t:x:holds", "rubbish")
    with pytest.raises(StoreCorrupt):
        look(engine)
    assert world.scores("scheduled") == {"a": aside_score(5.0)}


# -- pure --


def test_moments_that_people_plan_do_not_stand_aside():
    now, year = time.time(), 365.25 * 86_400
    planned = [0.0, now + 100 * year, now + 1000 * year, 253_402_300_799.0, 1e10, 1e11, float("inf")]
    assert not any(stands_aside(one, now) for one in planned)
    assert stands_aside(aside_score(now), now) and not stands_aside(None, now)


def test_a_function_is_compared_by_its_exact_name():
    one = Hold("h", "function", WORK)
    assert one.may_cover(WORK, "orders") and not one.may_cover(WORK + "2", "orders") and not one.may_cover(None, "q")


def test_no_record_of_any_shape_is_an_error():
    for raw in (b"", b"[]", b"{}", b'{"kind": []}', b"9" * 5000, None):
        assert read_holds({b"h": raw})[0].known is False
