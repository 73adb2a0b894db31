import time

from tests.builders import WORKER
from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import LEASE_LOST, MISSING_CLAIM


def sample(world, queue="orders", task_id="a"):
    return {"id": task_id, "queue": queue, "lease": world.put_claimed(queue, task_id)}


REFUSALS = [*LEASE_LOST, MISSING_CLAIM]


def test_the_claim_says_when_it_began_and_nothing_else_changes(world):
    values = sample(world)
    before = world.dump()
    assert world.run("start", **values) == b"OK"
    after = world.dump()
    lease, score_before, started_at, previous, worker = after.pop("t:x:claims:orders")["a"].split()
    assert (lease, score_before, previous, worker) == (values["lease"].decode(), "100", "0", WORKER)
    assert abs(float(started_at) - time.time()) < 5
    del before["t:x:claims:orders"]
    assert after == before
    assert_sound(world.raw)


def test_starting_twice_is_the_same_as_once(world):
    values = sample(world)
    world.run("start", **values)
    assert world.run("start", **values) == b"OK"
