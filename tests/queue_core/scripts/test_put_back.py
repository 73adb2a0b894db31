from hypothesis import given, settings
from hypothesis import strategies as st

from queue_core.hold import aside_score, place_of
from tests.checker import assert_sound

REFUSALS = []


def sample(world, queue="orders", task_id="a"):
    world.put("scheduled", queue, task_id, score=aside_score(42.125))
    return {"queue": queue, "ids": [task_id]}


def test_tasks_that_stood_aside_are_back_at_their_places_as_if_nothing_had_been(world):
    for task_id, score in (("a", 42.125), ("b", 1_795_000_000.25), ("never held", 50.0)):
        world.put("queued", task_id=task_id, score=score)
    before = world.dump()
    world.run("set_aside", queue="orders", hold_id="h1", ids=["a", "b"])
    with world.published() as published:
        assert world.run("put_back", queue="orders", ids=["a", "b"]) == 2
    assert world.dump() == before
    assert published == ["orders"]
    assert_sound(world.raw)


def test_what_is_planned_or_was_rescheduled_meanwhile_stays(world):
    world.put("scheduled", score=2_000_000_000.0)
    before = world.dump()
    with world.published() as published:
        assert world.run("put_back", queue="orders", ids=["a", "gone"]) == 0
    assert world.dump() == before and not published


def test_a_unique_task_that_was_queued_meanwhile_keeps_that_place(world):
    values = sample(world)
    world.put("queued", score=7.0, unique=True)
    world.run("put_back", **values)
    assert world.scores("queued") == {"a": 7.0} and world.scores("scheduled") == {}


def test_nobody_promotes_what_stands_aside(world):
    sample(world)
    assert world.run("promote", queue="orders", now=9_999_999_999.0, limit=100) == 0


@given(st.lists(st.floats(0, 2**32 - 1), min_size=2, max_size=2))
@settings(deadline=None)
def test_places_stay_in_their_order_and_are_kept_to_four_microseconds(places):
    kept = [place_of(aside_score(place)) for place in sorted(places)]
    assert kept == sorted(kept)
    assert all(abs(now - before) < 4e-6 for now, before in zip(kept, sorted(places), strict=True))
