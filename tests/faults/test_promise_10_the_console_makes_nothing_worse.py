"""The console never makes it worse: no request keeps Redis busy, none imports a name found in the data."""

import json
import sys

import pytest

from console import create_app
from console.settings import ConsoleSettings
from queue_core.payload import plain_id
from tests.checker import assert_sound
from tests.console.visitor import PASSWORD, Visitor
from tests.slowness import assert_never_slow

QUEUES, ERRORS = 500, 20_000
TRACEBACK = "Traceback (most recent call last):\n" + '  File "a.py", line 1, in work\n' * 20 + "ValueError: no\n"


@pytest.fixture
def operator(engine):
    engine.people.add("olga", PASSWORD, "operator")
    visitor = Visitor(create_app(engine, ConsoleSettings()))
    assert visitor.log_in("olga").status_code == 303
    return visitor


@pytest.fixture
def crowded(raw, engine):
    """Many queues, one of which has many failed tasks; the id of the newest."""
    together = raw.pipeline(transaction=False)
    for number in range(QUEUES):
        task_id = plain_id()
        together.set(f"t:task:{task_id}", json.dumps({"id": task_id, "func": "app.tasks:work"}))
        together.zadd(f"t:queued:queue-{number}", {task_id: number})
        together.sadd("t:queued", f"queue-{number}")
    failed = {"time_started": 1.0, "time_failed": 2.0, "exception_name": "builtins:ValueError", "success": False}
    execution = json.dumps(failed | {"host": "h", "traceback": TRACEBACK})
    for number in range(ERRORS):
        task_id = f"{number:064d}"
        together.set(f"t:task:{task_id}", json.dumps({"id": task_id, "func": "app.tasks:work", "args": ["x" * 500]}))
        together.rpush(f"t:task:{task_id}:executions", execution)
        together.set(f"t:task:{task_id}:executions_count", 1)
        together.zadd("t:error:failing", {task_id: 1000 + number})
        if number % 1000 == 0:
            together.execute()
    together.sadd("t:error", "failing")
    together.execute()
    engine.snapshot.take()
    return task_id


PAGES = ["/", "/errors/", "/queues/failing/error", "/queues/failing/queued", "/workers/", "/operations/", "/audit/"]


@pytest.mark.timeout(240)
def test_no_page_and_no_step_of_a_purge_keeps_redis_busy(engine, operator, crowded, raw):
    for address in (*PAGES, "/live", "/status", f"/queues/failing/tasks/{crowded}", "/queues/failing/all/purge"):
        assert operator.get(address).status_code == 200, address
        assert_never_slow(raw, lambda address=address: operator.get(address))
    newest = raw.zscore("t:error:failing", crowded)
    confirmed = {"not_after": repr(newest), "matched": f"{ERRORS}", "typed": f"{ERRORS}"}
    answer = operator.post("/queues/failing/all/purge", confirmed)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    (operation,) = engine.operations.running()
    assert_never_slow(raw, lambda: [engine.operations.step(operation.id) for _ in range(5)])
    while not engine.operations.get(operation.id).ended:
        engine.operations.step(operation.id)
    assert not raw.exists("t:error:failing", f"t:task:{crowded}")
    assert_sound(raw)


def test_no_page_and_no_act_imports_a_name_that_stands_in_the_data(engine, operator, raw, tmp_path, monkeypatch):
    mark = tmp_path / "imported"
    (tmp_path / "trap_of_the_console.py").write_text(f"open({str(mark)!r}, 'w').close()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    name, task_id = "trap_of_the_console:anything", plain_id()
    payload = {"func": name, "retry_on": [name], "retry_method": [name, []], "runner_class": name}
    raw.set(f"t:task:{task_id}", json.dumps({"id": task_id} | payload))
    failed = {"time_started": 1.0, "time_failed": 2.0, "exception_name": name, "success": False, "host": "h"}
    raw.rpush(f"t:task:{task_id}:executions", json.dumps(failed | {"traceback": "t", "retry_method": [name, []]}))
    raw.zadd("t:error:failing", {task_id: 1})
    raw.sadd("t:error", "failing")
    engine.snapshot.take()
    for page in (*PAGES, f"/queues/failing/tasks/{task_id}"):
        assert operator.get(page).status_code == 200, page
    assert operator.post(f"/queues/failing/tasks/{task_id}/retry", {"state": "error"}).status_code in (200, 303)
    assert raw.zscore("t:queued:failing", task_id) is not None
    assert not mark.exists() and "trap_of_the_console" not in sys.modules
