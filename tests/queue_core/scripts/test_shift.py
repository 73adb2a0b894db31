import itertools

import pytest

from queue_core import states
from tests.builders import NOTED
from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import Refusal


def sample(world, queue="orders", task_id="a", state="queued", to_state="error"):
    world.put(state, queue, task_id)
    return {
        "id": task_id, "queue": queue, "state": state, "to_state": to_state, "score": 500.5, "mode": "set",
        "publish": to_state == "queued", **NOTED,
    }  # fmt: skip


REFUSALS = [
    Refusal("TASK_NOT_FOUND", "it has left", lambda world: world.raw.zrem("t:queued:orders", "a")),
    Refusal("TASK_NOT_FOUND", "it is in another state", values={"state": "scheduled"}),
]


@pytest.mark.parametrize(("state", "to_state"), list(itertools.permutations(states.ALL, 2)))
def test_a_task_goes_from_any_state_into_any_other(world, state, to_state):
    values = sample(world, state=state, to_state=to_state)
    payload = world.dump()["t:task:a"]
    with world.published() as published:
        assert world.run("shift", **values) == b"OK"
    assert world.dump() == {
        f"t:{to_state}": {"orders"},
        f"t:{to_state}:orders": {"a": 500.5},
        "t:task:a": payload,
        "t:x:audit": [NOTED["act"].decode()],
    }
    assert published == (["orders"] if to_state == "queued" else [])
    assert_sound(world.raw)


@pytest.mark.parametrize(
    ("mode", "there", "score"), [("set", 9.0, 500.5), ("nx", 9.0, 9.0), ("min", 9.0, 9.0), ("min", 900.0, 500.5)]
)
def test_an_entry_that_is_there_already_goes_by_the_mode(world, mode, there, score):
    values = sample(world, to_state="scheduled")
    world.put("scheduled", score=there, unique=True)
    world.run("shift", **values | {"mode": mode})
    assert world.scores("scheduled") == {"a": score} and world.scores("queued") == {}


def test_others_keep_their_queue_listed(world):
    values = sample(world)
    world.put("queued", task_id="b")
    world.run("shift", **values)
    assert world.dump()["t:queued"] == {"orders"} and world.scores("queued") == {"b": 100.0}


def test_a_task_that_is_taken_from_its_worker_leaves_no_claim(world):
    world.put_claimed()
    world.run("shift", **sample(world, state="active") | {"id": "a"})
    assert "t:x:claims:orders" not in world.dump()
