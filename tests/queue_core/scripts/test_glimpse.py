REFUSALS = []


def sample(world, queue="orders", task_id="a"):
    world.put("error", queue, task_id)
    return {"id": task_id, "payload_bytes": 10, "execution_bytes": 4}


def glimpse(world, **values):
    return world.run("glimpse", **{"id": "a", "payload_bytes": 100, "execution_bytes": 10} | values)


def test_a_small_task_is_shown_whole(world):
    payload = world.put("error")
    world.record_failures(count=3)
    assert glimpse(world) == [payload.encode(), len(payload), b"3", b'{"n": 3}', b""]


def test_of_large_values_only_the_ends_come(world):
    world.raw.set("t:task:a", b"p" * 1000)
    world.raw.rpush("t:task:a:executions", b"begin" + b"-" * 1000 + b"ended")
    assert glimpse(world, payload_bytes=3, execution_bytes=5) == [b"ppp", 1000, b"0", b"begin", b"ended"]


def test_what_is_missing_is_empty(world):
    assert glimpse(world) == [b"", 0, b"0", b"", b""]


def test_nothing_is_written(world):
    values = sample(world)
    before = world.dump()
    world.run("glimpse", **values)
    assert world.dump() == before
