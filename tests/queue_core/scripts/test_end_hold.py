from tests.builders import NOTED
from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import Refusal

REFUSALS = [
    Refusal("NOT_HELD", "it was released before", lambda world: world.raw.delete("t:x:holds")),
    Refusal("NOT_HELD", "it was held anew", lambda world: world.raw.hset("t:x:holds", "h1", "another")),
]


def sample(world, queue="orders", task_id="a"):
    world.raw.hset("t:x:holds", mapping={"h1": "record", "h2": "record"})
    world.raw.hset("t:x:holds:aside", mapping={"h1": 3, "h2": 4})
    return {"hold_id": "h1", "hold_record": "record", "act": NOTED["act"], "max_audit_entries": 1000}


def test_the_record_and_the_count_of_the_hold_go_with_its_act(world):
    assert world.run("end_hold", **sample(world)) == b"OK"
    assert world.dump()["t:x:holds"] == {"h2": "record"} and world.dump()["t:x:holds:aside"] == {"h2": "4"}
    assert len(world.acts()) == 1
    assert_sound(world.raw)


def test_an_operator_ends_it_whatever_its_record_says(world):
    assert world.run("end_hold", **sample(world) | {"hold_record": ""}) == b"OK"
