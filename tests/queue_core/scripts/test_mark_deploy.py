from tests.builders import NOTED

REFUSALS = []


def sample(world, queue="orders", task_id="a"):
    return {"deploy": "{}", "most_deploys": 3, "act": NOTED["act"], "max_audit_entries": 1000}


def test_the_newest_deploys_stay_each_with_its_act(world):
    for number in range(5):
        world.run("mark_deploy", **sample(world) | {"deploy": str(number)})
    assert world.dump()["t:x:deploys"] == ["4", "3", "2"]
    assert len(world.acts()) == 5
