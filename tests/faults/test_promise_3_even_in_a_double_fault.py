"""Redis and a worker are killed at the same moment."""

import contextlib

import pytest

from queue_core import Engine, JobTimeoutException
from tests.faults import tasks
from tests.faults.crew import Crew
from tests.faults.ledger import Ledger
from tests.waiting import wait_until


@pytest.fixture(params=["sync", "fork"])
def crew(request, tmp_path, monkeypatch):
    monkeypatch.setattr("tests.faults.crew.EXECUTORS", (request.param,) * 2)
    crew = Crew(tmp_path, "unix", workers=1)
    crew.redis.start()
    yield crew
    crew.end()


def test_a_task_that_must_not_be_repeated_has_one_start_even_then(crew, tmp_path):
    with contextlib.closing(Engine(crew.url)) as engine:
        # fast ones first, so that the worker takes several at a time
        measured = [engine.delay(tasks.stop_process, args=[0, ""]).id for _ in range(3)]
        freezing = [crew.redis.pid, str(tmp_path / "frozen")]
        first = engine.delay(tasks.stop_process, args=freezing, retry_on=[JobTimeoutException]).id
        second = engine.delay(tasks.stop_process, args=[0, ""]).id
        crew.start_all()
        wait_until(lambda: _runs(crew, second) or "store is away" in _log(tmp_path), 30)
        crew.kill_redis()
        crew.kill("worker-0")
        crew.restart_redis()
        wait_until(lambda: sum(engine.browse.sizes("default").values()) <= len(_errors(engine)), 30)
        assert len(_runs(crew, second)) <= 1 and _runs(crew, first)
        assert Ledger.read(crew.ledger_path).done | set(_errors(engine)) == {*measured, first, second}


def _runs(crew, task_id):
    return Ledger.read(crew.ledger_path).runs.get(task_id, [])


def _errors(engine):
    return [row.id for row in engine.browse.page("default", "error").rows]


def _log(folder):
    return (folder / "worker-0.log").read_text() if (folder / "worker-0.log").exists() else ""
