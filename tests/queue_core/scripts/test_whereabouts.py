from queue_core import states

REFUSALS = []


def sample(world, queue="orders", task_id="a"):
    world.put("queued", queue, task_id)
    return {"states": keys(world, queue), "ids": [task_id]}


def keys(world, *queues):
    return [world.keys.state(state, queue) for queue in queues for state in states.ALL]


def test_it_counts_the_queues_that_hold_each_task(world):
    world.put("queued", "orders", "a")
    world.put("error", "orders", "a")
    world.put("active", "mail", "a")
    world.put("scheduled", "mail", "b")
    found = world.run("whereabouts", states=keys(world, "orders", "mail", "empty"), ids=["a", "b", "c"])
    assert found == [2, 1, 0]


def test_a_queue_that_cannot_be_read_holds_nothing(world):
    world.put("queued", "mail", "a")
    world.raw.set("t:queued:orders", "foreign")
    assert world.run("whereabouts", states=keys(world, "orders", "mail"), ids=["a"]) == [1]
