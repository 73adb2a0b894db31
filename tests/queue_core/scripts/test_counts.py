from queue_core.text import to_bytes

REFUSALS = []


def sample(world, queue="orders", task_id="a"):
    world.put("queued", queue, task_id)
    return {"states": [world.keys.state("queued", queue)]}


def test_each_state_tells_number_first_and_last(world):
    for name, score in zip("abc", (3, 1.5, 2), strict=True):
        world.put("queued", task_id=name, score=score)
    world.raw.set("t:error:orders", "foreign")
    before = world.dump()
    keys = [to_bytes(f"t:{state}:orders") for state in ("queued", "active", "error")]
    assert world.run("counts", states=keys) == [[3, b"1.5", b"3"], [0, None, None], None]
    assert world.dump() == before


def test_two_thousand_are_counted_at_once(world):
    world.put("queued", "1999")
    answer = world.run("counts", states=[world.keys.state("queued", str(number)) for number in range(2000)])
    assert [row[0] for row in answer] == [0] * 1999 + [1]
