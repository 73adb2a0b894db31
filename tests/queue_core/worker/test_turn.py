"""One turn at a queue."""

import json

import pytest

from queue_core import Worker
from tests.queue_core.worker import functions
from tests.queue_core.worker.seeds import MODULE, members, queue_task


@pytest.fixture
def worker(engine):
    engine.allow_list.modules.add(MODULE)
    return Worker(engine, executor="fork")


class BrokenExecutor:
    def run(self, call, pulse, started):
        raise RuntimeError("no idea how far it came")


def test_a_task_whose_run_broke_off_is_not_given_back_as_if_it_were_untouched(raw, worker):
    task_id = queue_task(raw, functions.nothing)
    worker._turn.executor = BrokenExecutor()
    with pytest.raises(RuntimeError):
        worker.run(once=True)
    assert members(raw, "active") == [task_id] and not members(raw, "queued")
    _, _, started_at, *_ = raw.hget("t:x:claims:orders", task_id).split()
    assert float(started_at) > 0


@pytest.mark.parametrize("executor", ["fork", "sync"])
def test_arguments_that_are_nested_as_deep_as_python_can_read_them_end_no_worker(raw, engine, executor):
    engine.allow_list.modules.add(MODULE)
    for depth in range(850, 990, 2):
        args, task_id = "[" * depth + "]" * depth, f"nested-{depth}"
        queue_task(raw, functions.nothing, task_id=task_id, score=depth, lock=depth % 4 == 0)
        payload = raw.get(f"t:task:{task_id}").replace(b'"args": []', f'"args": [{args}]'.encode())
        raw.set(f"t:task:{task_id}", payload)
    Worker(engine, executor=executor).run(once=True)
    assert not members(raw, "queued") and not members(raw, "active")


def test_a_failing_task_with_deeply_nested_arguments_is_settled(raw, worker):
    depth = 900
    task_id = queue_task(raw, functions.fail)
    payload = json.loads(raw.get(f"t:task:{task_id}"))
    del payload["args"]
    raw.set(f"t:task:{task_id}", json.dumps(payload)[:-1] + ', "args": [' + "[" * depth + "]" * depth + "]}")
    worker.run(once=True)
    assert members(raw, "error") == [task_id]
