from queue_core.text import to_bytes

REFUSALS = []


def sample(world, queue="orders", task_id="a"):
    world.put("queued", queue, task_id)
    return {"states": [world.keys.state("queued", queue)], "since": "1", "until_at": "5"}


def test_each_state_tells_number_first_last_how_many_are_new_and_how_many_lie_ahead(world):
    for name, score in zip("abcd", (3, 1.5, 2, 1), strict=True):
        world.put("queued", task_id=name, score=score)
    world.raw.set("t:error:orders", "foreign")
    before = world.dump()
    keys = [to_bytes(f"t:{state}:orders") for state in ("queued", "active", "error")]
    found = world.run("counts", states=keys, since="1", until_at="2")
    assert found == [[4, b"1", b"3", 2, 1], [0, None, None, 0, 0], None]
    assert world.dump() == before


def test_two_thousand_are_counted_at_once(world):
    world.put("queued", "1999")
    states = [world.keys.state("queued", str(number)) for number in range(2000)]
    answer = world.run("counts", states=states, since="inf", until_at="inf")
    assert [row[0] for row in answer] == [0] * 1999 + [1]
