"""Tasks that go to another Redis; here to another prefix of the same."""

import pytest

from queue_core import Engine, Settings
from queue_core.errors import AlreadyThere, InvalidPayload, InvalidRequest, TaskNotFound, UnknownState
from tests.builders import ANNA, HOSTILE_ID, HOSTILE_QUEUE, World
from tests.checker import faults


@pytest.fixture
def there(redis_url):
    engine = Engine(redis_url, Settings(prefix="other"))
    yield engine
    engine.close()


def transfer(engine, there, queue="orders", state="queued", task_id="a", **more):
    engine.transfers.transfer(queue, state, task_id, to=there, actor=ANNA, **more)


def moved(world):
    """What stands under the other prefix, apart from the trail."""
    return {key: value for key, value in world.dump().items() if key.startswith("other:") and ":x:" not in key}


@pytest.mark.parametrize("state", ["queued", "scheduled", "error"])
def test_a_task_goes_over_whole(world, engine, there, state):
    payload = world.put(state, args=[2**60 + 1, []])
    world.record_failures(count=2)
    transfer(engine, there, state=state)
    assert moved(world) == {
        f"other:{state}": {"orders"},
        f"other:{state}:orders": {"a": 100.0},
        "other:task:a": payload,
        "other:task:a:executions": ['{"n": 1}', '{"n": 2}'],
        "other:task:a:executions_count": "2",
    }
    assert world.tasks().keys() - moved(world).keys() == {"other:x:audit", "other:x:received:a"}
    assert [entry["verb"] for entry in world.acts()] == ["transfer"]
    assert [entry.verb for entry in there.audit.page().entries] == ["receive"]


def test_it_may_go_to_another_queue_there(world, engine, there):
    world.put("queued", HOSTILE_QUEUE, HOSTILE_ID)
    transfer(engine, there, HOSTILE_QUEUE, task_id=HOSTILE_ID, to_queue="mail")
    assert moved(world)["other:queued:mail"] == {HOSTILE_ID: 100.0}


def test_nothing_goes_that_is_not_there(world, engine, there):
    with pytest.raises(TaskNotFound):
        transfer(engine, there)
    world.put("queued")
    world.raw.delete("t:task:a")
    with pytest.raises(InvalidPayload):
        transfer(engine, there)
    with pytest.raises(UnknownState):
        transfer(engine, there, state="active")
    assert not moved(world)


def test_the_same_place_is_no_other(world, engine, redis_url):
    world.put("queued")
    with pytest.raises(InvalidRequest):
        transfer(engine, Engine(redis_url, Settings()))


def test_another_task_under_its_id_is_left_alone(world, engine, there):
    world.put("queued")
    World(world.raw, there.store).put("error", args=["another"])
    before = world.dump()
    with pytest.raises(AlreadyThere):
        transfer(engine, there)
    assert world.dump() == before


def test_one_that_a_worker_takes_meanwhile_is_taken_back_there(world, engine, there, monkeypatch):
    world.put("queued")
    receive = there.store.run

    def taken_meanwhile(name, **values):
        reply = receive(name, **values)
        world.claim()
        return reply

    monkeypatch.setattr(there.store, "run", taken_meanwhile)
    with pytest.raises(TaskNotFound):
        transfer(engine, there)
    assert not moved(world) and world.scores("active").keys() == {"a"} and world.raw.exists("t:task:a")
    assert not [fault for fault in faults(world.raw, "other") if "prefix" not in fault]
