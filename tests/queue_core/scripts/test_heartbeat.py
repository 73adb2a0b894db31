from queue_core.text import to_bytes
from tests.builders import WORKER
from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import renew_elsewhere

REFUSALS = []


def sample(world, queue="orders", task_id="a"):
    return {
        "queue": queue,
        "ids_and_leases": [to_bytes(task_id), world.put_claimed(queue, task_id)],
    }


def test_the_lease_is_renewed_and_the_claim_knows_it(world):
    values = sample(world)
    old = values["ids_and_leases"][1]
    world.run("start", id="a", queue="orders", lease=old)
    started_at = world.dump()["t:x:claims:orders"]["a"].split()[2]
    lease, *lost = world.run("heartbeat", **values)
    assert not lost and float(lease) > float(old)
    assert world.scores("active") == {"a": float(lease)}
    assert world.dump()["t:x:claims:orders"] == {"a": f"{lease.decode()} 100 {started_at} {old.decode()} {WORKER}"}
    assert_sound(world.raw)


def test_a_member_is_never_created(world):
    values = sample(world)
    world.raw.zrem("t:active:orders", "a")
    before = world.dump()
    assert world.run("heartbeat", **values)[1:] == [b"a"]
    assert world.dump() == before


def test_what_somebody_else_has_renewed_is_lost(world):
    values = sample(world)
    renew_elsewhere(world)
    before = world.dump()
    assert world.run("heartbeat", **values)[1:] == [b"a"]
    assert world.dump() == before


def test_what_a_stock_worker_claimed_is_not_ours(world):
    values = sample(world)
    world.raw.delete("t:x:claims:orders")
    assert world.run("heartbeat", **values)[1:] == [b"a"]


def test_the_others_are_renewed_when_one_is_lost(world):
    for number in range(3):
        world.put("queued", task_id=str(number))
    old = world.claim(limit=3)[0]
    world.raw.zadd("t:active:orders", {"1": 7.0})
    lease, *lost = world.run("heartbeat", queue="orders", ids_and_leases=["0", old, "1", old, "2", old])
    assert lost == [b"1"]
    assert world.scores("active") == {"0": float(lease), "1": 7.0, "2": float(lease)}


def test_five_hundred_are_renewed_at_once(world):
    ids = [f"{number:03}" for number in range(500)]
    for one in ids:
        world.put("queued", task_id=one)
    old = world.claim(limit=500)[0]
    lease, *lost = world.run("heartbeat", queue="orders", ids_and_leases=[value for one in ids for value in (one, old)])
    assert not lost and set(world.scores("active").values()) == {float(lease)}


def test_after_a_lost_reply_the_former_lease_still_renews(world):
    values = sample(world)
    for _ in range(3):
        lease, *lost = world.run("heartbeat", **values)  # nobody hears the new lease
        assert not lost
    assert world.scores("active") == {"a": float(lease)}


def test_after_a_lost_reply_the_former_lease_still_settles(world):
    values = sample(world)
    world.run("heartbeat", **values)
    assert world.run("finish", id="a", queue="orders", lease=values["ids_and_leases"][1]) == b"OK"
    assert world.dump() == {}


def test_a_lease_before_the_former_one_is_lost(world):
    values = sample(world)
    first = values["ids_and_leases"][1]
    second = world.run("heartbeat", **values)[0]
    world.run("heartbeat", queue="orders", ids_and_leases=["a", second])
    assert world.run("heartbeat", queue="orders", ids_and_leases=["a", first])[1:] == [b"a"]


def test_a_former_lease_means_nothing_once_the_task_was_claimed_again(world):
    values = sample(world)
    first = values["ids_and_leases"][1]
    second = world.run("heartbeat", **values)[0]
    world.run("release", id="a", queue="orders", lease=second)
    world.claim(worker="worker-2")
    for lease in (first, second):
        assert world.run("heartbeat", queue="orders", ids_and_leases=["a", lease])[1:] == [b"a"]
