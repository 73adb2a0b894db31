from tests.checker import assert_sound

REFUSALS = []


def sample(world, queue="orders", task_id="a"):
    world.put("scheduled", queue, task_id, score=10.0)
    return {"queue": queue, "now": 20.0, "limit": 100}


def test_due_tasks_are_queued_in_the_order_in_which_they_became_due(world):
    for name, due_at in (("late", 20.0), ("early", 5.5), ("not due", 20.001)):
        world.put("scheduled", task_id=name, score=due_at)
    payloads = {key: value for key, value in world.dump().items() if "task" in key}
    with world.published() as published:
        assert world.run("promote", queue="orders", now=20.0, limit=100) == 2
    assert world.dump() == {
        "t:queued": {"orders"},
        "t:queued:orders": {"early": 5.5, "late": 20.0},
        "t:scheduled": {"orders"},
        "t:scheduled:orders": {"not due": 20.001},
        **payloads,
    }
    assert published == ["orders"]
    assert_sound(world.raw)


def test_the_last_due_task_takes_the_queue_off_the_list(world):
    world.run("promote", **sample(world))
    assert "t:scheduled" not in world.dump()


def test_nothing_due_writes_and_says_nothing(world):
    world.put("scheduled", score=30.0)
    before = world.dump()
    with world.published() as published:
        assert world.run("promote", queue="orders", now=20.0, limit=100) == 0
    assert world.dump() == before
    assert not published


def test_a_unique_task_that_is_queued_already_keeps_its_place(world):
    world.put("queued", score=99.0, unique=True)
    world.run("promote", **sample(world))
    assert world.scores("queued") == {"a": 99.0}
    assert_sound(world.raw)


def test_no_more_than_the_limit_and_the_earliest_first(world):
    for number in range(5):
        world.put("scheduled", task_id=str(number), score=number)
    assert world.run("promote", queue="orders", now=20.0, limit=3) == 3
    assert list(world.scores("queued")) == ["0", "1", "2"]


def test_five_thousand_due_tasks_are_promoted_at_once_and_none_is_lost(world):
    ids = {f"{number:04}": float(number) for number in range(5000)}
    world.raw.zadd("t:scheduled:orders", ids)
    world.raw.sadd("t:scheduled", "orders")
    assert world.run("promote", queue="orders", now=1e6, limit=5000) == 5000
    assert world.scores("queued") == ids
