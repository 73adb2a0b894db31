from queue_core.hold import aside_score
from tests.checker import assert_sound

REFUSALS = []


def sample(world, queue="orders", task_id="a"):
    world.put("queued", queue, task_id, score=42.125)
    return {"queue": queue, "hold_id": "h1", "ids": [task_id]}


def test_queued_tasks_wait_where_nobody_takes_them_and_their_places_are_kept(world):
    world.raw.hset("t:x:holds", "h1", "{}")
    for task_id, score in (("a", 42.125), ("b", 7.0), ("other", 1.0)):
        world.put("queued", task_id=task_id, score=score)
    assert world.run("set_aside", queue="orders", hold_id="h1", ids=["a", "b", "gone"]) == 2
    assert world.scores("queued") == {"other": 1.0}
    assert world.scores("scheduled") == {"a": aside_score(42.125), "b": aside_score(7.0)}
    assert world.dump()["t:x:holds:aside"] == {"h1": "2"}
    assert_sound(world.raw)


def test_the_last_one_takes_the_queue_off_the_list(world):
    world.run("set_aside", **sample(world))
    assert world.dump()["t:scheduled"] == {"orders"} and "t:queued" not in world.dump()


def test_what_has_left_meanwhile_writes_nothing(world):
    world.put("active", task_id="a")
    before = world.dump()
    assert world.run("set_aside", queue="orders", hold_id="h1", ids=["a"]) == 0
    assert world.dump() == before


def test_a_place_that_no_clock_can_say_goes_to_the_nearest_end(world):
    for task_id, score in (("early", -5.0), ("late", float("inf"))):
        world.put("queued", task_id=task_id, score=score)
    world.run("set_aside", queue="orders", hold_id="h1", ids=["early", "late"])
    assert world.scores("scheduled") == {"early": aside_score(0.0), "late": aside_score(1e99)}
    assert_sound(world.raw)
