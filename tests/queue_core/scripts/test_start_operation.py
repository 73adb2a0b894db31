import pytest

from queue_core.text import to_bytes
from tests.builders import NOTED
from tests.checker import assert_sound

REFUSALS = []


def sample(world, queue="orders", task_id="a"):
    return {
        "operation_id": "op", "created_at": 50.5, "record": "{}", "matched": 1, "rate": 20, "canary": "",
        "act": NOTED["act"], "max_audit_entries": 1000, "ids": [to_bytes(task_id)],
    }  # fmt: skip


def test_an_operation_is_written_down_with_its_selection(world):
    assert world.run("start_operation", **sample(world)) == b"OK"
    assert world.dump() == {
        "t:x:audit": [NOTED["act"].decode()],
        "t:x:operation:op": {
            "record": "{}",
            "status": "running",
            "matched": "1",
            "done": "0",
            "skipped": "0",
            "rate": "20",
        },
        "t:x:operation:op:ids": ["a"],
        "t:x:operations": {"op": 50.5},
        "t:x:operations:running": {"op": 50.5},
    }
    assert not world.expiring()
    assert_sound(world.raw)


@pytest.mark.parametrize("count", [0, 999, 1000, 1001, 10_000])
def test_the_selection_keeps_its_order_at_any_size(world, count):
    ids = [f"{number:05}" for number in range(count)]
    world.run("start_operation", **sample(world) | {"ids": ids, "matched": count})
    assert world.dump().get("t:x:operation:op:ids", []) == ids
