"""Only known functions run: no name that stands in Redis is imported, be it of a function, a retry method, a runner or
an exception."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.queue_core.worker import functions, seeds
from tests.queue_core.worker.seeds import MODULE, executions, lines, members, queue_task
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
FAIL = f"{MODULE}:fail"
TRAP = "set_off_when_imported:anything"


@pytest.fixture
def trap(tmp_path, monkeypatch):
    """A module that leaves a mark when it is imported; the mark's path."""
    mark = tmp_path / "imported"
    (tmp_path / "set_off_when_imported.py").write_text(
        f"open({str(mark)!r}, 'w').close()\n"
        "class anything(BaseException):\n    def __init__(self, *args): open("
        f"{str(mark)!r}, 'a').write('called')\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(ROOT)]))
    return mark


@pytest.mark.parametrize("executor", ["sync", "fork"])
@pytest.mark.parametrize(
    "payload",
    [
        {"func": TRAP},
        {"func": TRAP.replace(":", ".")},
        {"func": FAIL, "retry_method": [TRAP, []]},
        {"func": FAIL, "retry_on": [TRAP], "retry_method": ["tasktiger.retry:_fixed", [0, 1]]},
        {"func": f"{MODULE}:nothing", "runner_class": TRAP},
        {"func": f"{MODULE}:os.system", "args": ["echo"]},
        {"func": f"{MODULE}:Path.home.__globals__"},
    ],
    ids=["function", "dotted", "retry method", "retry on", "runner", "through a module", "through attributes"],
)
def test_a_name_outside_the_list_is_neither_imported_nor_called(raw, redis_url, trap, payload, executor, tmp_path):
    fields = dict(payload)
    task_id = queue_task(raw, fields.pop("func"), *fields.pop("args", []), score=1, **fields)
    queue_task(raw, functions.note, str(tmp_path / "log"), score=2)
    with seeds.worker_process(redis_url, executor, name_patience_seconds=0.5) as process:
        wait_until(lambda: members(raw, "error") == [task_id], 30, "it should have been put aside")
        wait_until(lambda: lines(tmp_path / "log") == ["ran"], 10, "the next one should have run")
        assert process.poll() is None
    assert not trap.exists()
    assert executions(raw, task_id)[-1]["traceback"]


def test_a_worker_gives_back_what_it_may_not_run_uncounted(raw, redis_url, trap):
    task_id = queue_task(raw, TRAP)
    with seeds.worker_process(redis_url):
        wait_until(lambda: members(raw, "scheduled") == [task_id], 15)
    assert not executions(raw, task_id) and not raw.exists(f"t:task:{task_id}:executions_count") and not trap.exists()


def test_a_worker_that_may_run_nothing_does_not_start(redis_url):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SIGNALBOX_")}
    started = subprocess.run(
        [sys.executable, "-m", "queue_core.cli", "worker"],
        cwd=ROOT, env=environment | {"REDIS_URL": redis_url}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert started.returncode != 0 and "--allow-any" in started.stderr
