import pytest

from queue_core.disposal import MOST_AT_ONCE
from tests.builders import FOR_GOOD, NOTED, TO_TRASH
from tests.checker import assert_sound

REFUSALS = []


def sample(world, queue="orders", task_id="a", state="error"):
    world.put(state, queue, task_id)
    return values(world, queue, state)


def values(world, queue="orders", state="error"):
    return {
        "queue": queue, "state": state, "not_after": 100.0, "limit": 100, "task_prefix": world.keys.task_prefix(),
        "act": NOTED["act"], "max_audit_entries": 1000, **FOR_GOOD,
    }  # fmt: skip


@pytest.mark.parametrize("state", ["error", "queued", "scheduled"])
def test_nothing_is_left_but_the_act(world, state):
    for name in ("a", "b"):
        world.put(state, task_id=name)
        world.record_failures(name, count=2)
        world.raw.hset("t:x:recoveries", name, 1)
    with world.published() as published:
        assert world.run("purge", **values(world, state=state)) == 2
    assert world.dump() == {"t:x:audit": [NOTED["act"].decode()]}
    assert not published


def test_those_after_the_moment_and_those_in_other_states_stay(world):
    values = sample(world)
    late = world.put("error", task_id="late", score=100.001)
    waiting = world.put("queued", task_id="waiting", score=1.0)
    assert world.run("purge", **values) == 1
    assert world.tasks() == {
        "t:error": {"orders"},
        "t:error:orders": {"late": 100.001},
        "t:task:late": late,
        "t:queued": {"orders"},
        "t:queued:orders": {"waiting": 1.0},
        "t:task:waiting": waiting,
    }
    assert_sound(world.raw)


def test_no_more_than_the_limit_and_the_oldest_first(world):
    for number in range(5):
        world.put("error", task_id=str(number), score=number)
    assert world.run("purge", **values(world) | {"limit": 3}) == 3
    assert list(world.scores("error")) == ["3", "4"]
    assert_sound(world.raw)


def test_five_thousand_are_removed_at_once(world):
    world.raw.zadd("t:error:orders", {f"{number:04}": 1.0 for number in range(5000)})
    world.raw.sadd("t:error", "orders")
    assert world.run("purge", **values(world) | {"limit": 5000}) == 5000
    assert world.tasks() == {}


@pytest.mark.parametrize("other", ["queued", "active", "scheduled"])
def test_a_unique_task_that_another_state_holds_keeps_its_payload(world, other):
    values = sample(world)
    payload = world.put(other, unique=True)
    world.run("purge", **values)
    assert world.tasks() == {f"t:{other}": {"orders"}, f"t:{other}:orders": {"a": 100.0}, "t:task:a": payload}


def test_a_step_that_goes_on_is_not_noted_again(world):
    assert world.run("purge", **sample(world) | {"act": b""}) == 1
    assert world.dump() == {}


@pytest.mark.parametrize("key", ["", ":executions", ":executions_count"])
def test_a_key_of_the_task_of_a_wrong_type_does_not_keep_it(world, key):
    values = sample(world)
    world.raw.delete(f"t:task:a{key}")
    world.raw.hset(f"t:task:a{key}", "some", "thing")
    assert world.run("purge", **values) == 1
    assert world.tasks() == {}


def test_each_goes_to_the_trash_under_a_name_of_its_own(world):
    for number in range(3):
        world.put("error", task_id=f"a{number}", score=10.0 + number)
    assert world.run("purge", **values(world) | TO_TRASH) == 3
    assert world.dump()["t:x:trash"] == {"e1-1": 500.0, "e1-2": 500.0, "e1-3": 500.0}
    assert [world.dump()[f"t:x:trash:entry:e1-{n}"]["score"] for n in (1, 2, 3)] == ["10", "11", "12"]
    assert not world.raw.keys("t:task:*")
    assert_sound(world.raw)


def test_as_many_as_go_to_the_trash_at_once_occupy_redis_for_less_than_ten_milliseconds(world):
    for number in range(MOST_AT_ONCE):
        world.put("error", task_id=f"a{number:03}", args=["x" * 2000])
        world.record_failures(f"a{number:03}", count=3)
    world.store.call("purge", **values(world))
    world.raw.slowlog_reset()
    assert world.run("purge", **values(world) | TO_TRASH | {"limit": MOST_AT_ONCE}) == MOST_AT_ONCE
    assert not [one for one in world.raw.slowlog_get() if one["command"].startswith(b"EVALSHA")]
