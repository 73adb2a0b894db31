from tests.builders import NOTED
from tests.checker import assert_sound

REFUSALS = []
ACT = {"act": NOTED["act"], "max_audit_entries": 1000}


def sample(world, queue="orders", task_id="a"):
    return {"hold_id": "h1", "hold_record": '{"kind": "function"}', "most_holds": 2, **ACT}


def test_a_hold_is_recorded_with_its_act_and_holding_again_replaces_it(world):
    assert world.run("begin_hold", **sample(world)) == 1
    assert world.run("begin_hold", **sample(world) | {"hold_record": '{"kind": "group"}'}) == 1
    assert world.dump()["t:x:holds"] == {"h1": '{"kind": "group"}'}
    assert world.dump()["t:x:holds:aside"] == {"h1": "0"}
    assert len(world.acts()) == 2
    assert_sound(world.raw)


def test_holding_again_keeps_the_count_and_a_broken_one_is_in_nobodys_way(world):
    world.run("begin_hold", **sample(world))
    world.raw.hset("t:x:holds:aside", "h1", 5)
    world.run("begin_hold", **sample(world))
    assert world.dump()["t:x:holds:aside"] == {"h1": "5"}
    world.raw.set("t:x:holds:aside", "rubbish")
    assert world.run("begin_hold", **sample(world)) == 1


def test_there_are_no_more_holds_than_allowed_and_no_act_tells_of_one(world):
    for number in range(2):
        world.run("begin_hold", **sample(world) | {"hold_id": f"h{number}"})
    before = world.dump()
    assert world.run("begin_hold", **sample(world) | {"hold_id": "one more"}) == 0
    assert world.dump() == before
    assert world.run("begin_hold", **sample(world)) == 1
