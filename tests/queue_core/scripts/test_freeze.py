import pytest

from tests.checker import assert_sound

GROWS = True
REFUSALS = []


def sample(world, queue="orders", task_id="a"):
    world.put("scheduled", queue, task_id)
    return {
        "queue": queue, "state": "scheduled", "operation_id": "op", "lowest": "-inf", "highest": "+inf", "last_id": "",
        "last_score": "", "limit": 2, "keep_seconds": 600,
    }  # fmt: skip


def put(world, **scores):
    world.raw.zadd("t:scheduled:orders", scores)


def frozen(world):
    return world.dump().get("t:x:operation:op:frozen", {})


def test_tasks_are_noted_with_their_scores_and_stay_where_they_are(world):
    values = sample(world)
    tasks = world.tasks()
    assert world.run("freeze", **values) == [b"a", b"100"]
    assert frozen(world) == {"a": 100.0} and world.tasks() == tasks
    assert 0 < world.raw.ttl("t:x:operation:op:frozen") <= 600
    assert_sound(world.raw)


def test_the_next_step_goes_on_behind_the_last_one_and_there_is_an_end(world):
    values = sample(world)
    put(world, b=100.0, c=100.5, d=100.5, e=1700000000.123456)
    last = ("", "")
    steps = []
    while last := world.run("freeze", **values | {"last_id": last[0], "last_score": last[1]}):
        steps.append(last[0])
    assert steps == [b"b", b"d", b"e"]
    assert frozen(world) == world.scores("scheduled")


@pytest.mark.parametrize(
    ("lowest", "highest", "noted"),
    [("101", "102", "bc"), ("100.5", "+inf", "bcd"), ("-inf", 101.0, "ab"), ("200", "300", "")],
)
def test_only_scores_between_the_two_are_noted(world, lowest, highest, noted):
    values = sample(world) | {"lowest": lowest, "highest": highest, "limit": 200}
    put(world, b=101.0, c=102.0, d=103.0)
    world.run("freeze", **values)
    assert list(frozen(world)) == list(noted)


def test_when_the_last_one_has_left_it_goes_on_behind_its_place(world):
    values = sample(world) | {"last_id": "gone", "last_score": "100"}
    put(world, b=101.0)
    assert world.run("freeze", **values) == [b"b", b"101"]


def to_the_end(world, values, between=lambda step: None):
    last, step = ("", ""), 0
    while last := world.run("freeze", **values | {"last_id": last[0], "last_score": last[1]}):
        step += 1
        between(step)
    return step


@pytest.mark.parametrize("leaving", [["d"], ["c", "d"], ["b", "c", "d"], ["a", "b", "c", "d"]])
def test_when_the_last_ones_leave_the_rest_of_their_score_is_noted_all_the_same(world, leaving):
    values = sample(world)
    put(world, **dict.fromkeys("bcdefgh", 100.0))
    steps = to_the_end(world, values, lambda step: step == 2 and world.raw.zrem("t:scheduled:orders", *leaving))
    assert list(frozen(world)) == list("abcdefgh") and steps <= 5


def test_one_that_moves_on_meanwhile_takes_nobody_along(world):
    values = sample(world)
    put(world, **dict.fromkeys("bcdef", 100.0))
    to_the_end(world, values, lambda step: step == 1 and put(world, b=500.0))
    assert frozen(world) == world.scores("scheduled")
