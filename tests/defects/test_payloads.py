"""D1, D3, D24: what becomes of a task's payload, and of one that makes no sense."""

import json
import sys

import pytest

from queue_core import Task
from tests.builders import ANNA
from tests.queue_core.worker import functions
from tests.queue_core.worker.seeds import MODULE, executions, lines, members, queue_task

ARGS = [[], {"x": []}, 2**60 + 1, 0.1234567890123456]
RESCHEDULE = """
import datetime
task = Task.from_id(tiger, "orders", "scheduled", "a")
task.update_scheduled_time(datetime.datetime(2100, 1, 1))
tell(Task.from_id(tiger, "orders", "scheduled", "a").args)
"""


def test_d01_rescheduling_keeps_the_payload(world, engine):
    before = world.put("scheduled", args=ARGS, retry_method=["app:soon", []], scheduled_at=100.0)
    engine.control.reschedule("orders", "scheduled", "a", due_at=4102444800.5, actor=ANNA)
    after = world.dump()["t:task:a"]
    assert after == before.replace('"scheduled_at": 100.0', '"scheduled_at": 4102444800.5')
    assert world.scores("scheduled") == {"a": 4102444800.5}


@pytest.mark.interop
def test_d01_in_tasktiger_it_does_not(world, tasktiger):
    world.put("scheduled", args=ARGS)
    _, args = tasktiger(RESCHEDULE)
    assert args[:2] == [{}, {"x": {}}] and args[2] != 2**60 + 1


@pytest.mark.parametrize("empty", [{}, []])
def test_d01_what_tasktiger_has_rewritten_still_runs(raw, run_once, tmp_path, empty):
    task_id = queue_task(raw, functions.fail, retry_method=[f"{MODULE}:gone", empty], unique_key=empty, retry_on=empty)
    payload = json.loads(raw.get(f"t:task:{task_id}"))
    raw.set(f"t:task:{task_id}", json.dumps(payload | {"args": empty, "lock_key": empty}))
    run_once()
    assert [one["exception_name"] for one in executions(raw, task_id)] == ["builtins:ValueError"]


@pytest.mark.parametrize(
    "payload", [b'{"id": "of another task", "func": "app:work"}', b"{ no JSON", b"\xff", b"[]", b"null", b""]
)
def test_d03_a_payload_that_makes_no_sense_is_put_aside_and_the_worker_goes_on(raw, run_once, payload, tmp_path):
    bad = queue_task(raw, functions.nothing, score=1)
    raw.set(f"t:task:{bad}", payload)
    queue_task(raw, functions.note, str(tmp_path / "log"), score=2)
    run_once("sync")
    assert members(raw, "error") == [bad] and executions(raw, bad)[0]["x"]["reason"] == "quarantined"
    assert raw.get(f"t:task:{bad}") == payload
    assert lines(tmp_path / "log") == ["ran"]


def test_d24_printing_a_task_imports_nothing(engine):
    def function():
        pass

    function.__module__, function.__qualname__ = "no.such.module", "function"
    task = engine.delay(function, queue="orders")
    for found in (task, Task.from_id(engine, "orders", "queued", task.id)):
        assert "no.such.module:function" in repr(found) and repr(found) == str(found)
    assert "no" not in sys.modules


@pytest.mark.interop
def test_d03_in_tasktiger_it_ends_the_worker_and_stays_active(raw, tasktiger):
    bad = queue_task(raw, functions.nothing)
    raw.set(f"t:task:{bad}", b"{ no JSON")
    status, said = tasktiger("Worker(tiger).run(once=True)")
    assert status != 0 and "JSONDecodeError" in said
    assert members(raw, "active") == [bad]
