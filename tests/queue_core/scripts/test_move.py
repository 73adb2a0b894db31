import pytest

from tests.builders import NOTED
from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import OPERATION_ENDED, OPERATION_UNKNOWN, Refusal


def sample(world, queue="orders", task_id="a", state="queued"):
    world.put(state, queue, task_id)
    return {
        "id": task_id, "queue": queue, "state": state, "to_queue": "mail", "not_after": "", "now": 150.5,
        "publish": True, "undoing": False, **NOTED,
    }  # fmt: skip


def hold_too(queue, state):
    reason = f"it is {state} in {queue} too"
    return Refusal("ALREADY_THERE", reason, lambda world: world.put(state, queue, unique=True))


TAKES_BACK = {"undoing": True, "operation_frozen": b"t:x:operation:first:moved"}

REFUSALS = [
    Refusal("TASK_NOT_FOUND", "it has left", lambda world: world.raw.zrem("t:queued:orders", "a")),
    Refusal("TASK_NOT_FOUND", "it is in another state", values={"state": "error"}),
    Refusal("PAYLOAD_MISSING", "there is nothing to run", lambda world: world.raw.delete("t:task:a")),
    *[hold_too("mail", state) for state in ("queued", "active", "scheduled", "error")],
    *[hold_too("orders", state) for state in ("active", "scheduled", "error")],
    Refusal("TASK_NOT_FOUND", "it came after the cut-off", values={"not_after": 99.0}),
    Refusal(
        "TASK_NOT_FOUND",
        "its undoing finds it with another score than it was moved with",
        lambda world: world.raw.zadd("t:x:operation:first:moved", {"a": 99.5}),
        TAKES_BACK,
    ),
    Refusal("TASK_NOT_FOUND", "its undoing does not know of it", lambda world: world.put_operation(), TAKES_BACK),
    OPERATION_ENDED,
    OPERATION_UNKNOWN,
]


@pytest.mark.parametrize("state", ["queued", "scheduled", "error"])
def test_a_task_keeps_state_score_payload_and_failures_in_another_queue(world, state):
    values = sample(world, state=state) | {"publish": state == "queued"}
    world.record_failures()
    payload = world.dump()["t:task:a"]
    with world.published() as published:
        assert world.run("move", **values) == b"OK"
    assert world.dump() == {
        f"t:{state}": {"mail"},
        f"t:{state}:mail": {"a": 100.0},
        "t:task:a": payload,
        "t:task:a:executions": ['{"n": 1}'],
        "t:task:a:executions_count": "1",
        "t:x:audit": [NOTED["act"].decode()],
    }
    assert published == (["mail"] if state == "queued" else [])
    assert_sound(world.raw)


def test_others_in_both_queues_stay(world):
    values = sample(world)
    world.put("queued", task_id="b")
    world.put("queued", "mail", "c")
    world.run("move", **values)
    assert list(world.scores("queued")) == ["b"] and list(world.scores("queued", "mail")) == ["a", "c"]
    assert world.dump()["t:queued"] == {"orders", "mail"}


def test_a_look_for_its_twin_that_is_under_way_begins_anew(world):
    values = sample(world)
    world.put("queued", "elsewhere", unique=True)
    world.raw.zadd("t:x:twins", {"a": 5.5})
    world.run("move", **values)
    assert world.dump()["t:x:twins"] == {"a": 150.5}


def test_an_undoing_takes_it_off_the_list_of_what_was_moved(world):
    values = sample(world, state="error") | {"state": "error", "publish": False, **TAKES_BACK}
    world.put_operation()
    world.put_operation("first")
    world.raw.zadd("t:x:operation:first:moved", {"a": 100.0, "b": 5.0})
    world.run("move", **values | {"operation_id": "op"})
    assert world.scores("error", "mail") == {"a": 100.0}
    assert world.dump()["t:x:operation:first:moved"] == {"b": 5.0}


@pytest.mark.parametrize(("done", "noted"), [(9_999, True), (10_000, False), (10_001, False)])
def test_what_an_operation_moved_is_noted_up_to_a_bound(world, done, noted):
    values = sample(world, state="error") | {"state": "error", "publish": False}
    world.put_operation(matched=20_000)
    world.raw.hset("t:x:operation:op", "done", done)
    if done <= 10_000:
        world.raw.zadd("t:x:operation:op:moved", {"b": 5.0})
    world.run("move", **values | {"operation_id": "op"})
    assert world.dump().get("t:x:operation:op:moved") == ({"a": 100.0, "b": 5.0} if noted else None)


def test_as_part_of_an_operation_it_is_counted_there_and_not_in_the_trail(world):
    values = sample(world)
    world.put_operation(ids=[b"a", b"b"])
    before = len(world.acts())
    world.run("move", **values | {"operation_id": "op", "not_after": 100.0})
    assert world.dump()["t:x:operation:op"]["done"] == "1" and world.dump()["t:x:operation:op:ids"] == ["b"]
    assert world.dump()["t:x:operation:op:moved"] == {"a": 100.0}
    assert len(world.acts()) == before
    assert_sound(world.raw)
