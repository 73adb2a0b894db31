import pytest

from tests.builders import NOTED, payload_text
from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import Refusal

GROWS = True


def sample(world, queue="orders", task_id="a", state="queued"):
    return {
        "id": task_id, "queue": queue, "state": state, "score": 100.5, "payload_json": payload_text(task_id),
        "count": 3, "transfer": "one", "remember_seconds": 60, "records": [b'{"n": 2}', b'{"n": 3}'],
        "act": NOTED["act"], "max_audit_entries": 1000,
    }  # fmt: skip


REFUSALS = [
    Refusal("ALREADY_THERE", "another task has this id", lambda world: world.put("error")),
    Refusal("ALREADY_THERE", "records of one are left", lambda world: world.record_failures()),
]


@pytest.mark.parametrize("state", ["queued", "scheduled", "error"])
def test_it_arrives_with_payload_score_and_failed_runs(world, state):
    with world.published() as published:
        assert world.run("receive", **sample(world, state=state), publish=state == "queued") == b"OK"
    assert world.dump() == {
        f"t:{state}": {"orders"},
        f"t:{state}:orders": {"a": 100.5},
        "t:task:a": payload_text("a"),
        "t:task:a:executions": ['{"n": 2}', '{"n": 3}'],
        "t:task:a:executions_count": "3",
        "t:x:received:a": "one",
        "t:x:audit": [NOTED["act"].decode()],
    }
    assert world.expiring() == {"t:x:received:a"}
    assert published == (["orders"] if state == "queued" else [])
    assert_sound(world.raw)


def test_the_same_transfer_does_not_arrive_twice_even_when_the_task_has_run(world):
    world.run("receive", **sample(world))
    world.raw.delete("t:queued", "t:queued:orders", "t:task:a", "t:task:a:executions", "t:task:a:executions_count")
    before = world.dump()
    assert world.run("receive", **sample(world)) == b"KNOWN"
    assert world.dump() == before


def test_another_transfer_of_the_same_id_arrives(world):
    world.raw.set("t:x:received:a", "an earlier one", ex=60)
    assert world.run("receive", **sample(world)) == b"OK"
