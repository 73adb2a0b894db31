"""A TaskTiger worker runs what our engine has enqueued."""

import datetime
import socket
import subprocess

import pytest

from queue_core import Engine, JobTimeoutException, Server, exponential, fixed
from tests.checker import assert_sound
from tests.interop import errands
from tests.interop.tiger import COMMAND, ROOT, environment, killed_at_the_end
from tests.servers import wanted_binary
from tests.waiting import wait_until

WAYS = {
    "plain": {},
    "due later": {"when": datetime.timedelta(seconds=0.3)},
    "unique": {"unique": True},
    "unique by a key": {"unique_key": ["path"]},
    "locked": {"lock": True},
    "locked by a key": {"lock_key": ["path"]},
    "with all options": {
        "hard_timeout": 9.5,
        "lock": True,
        "retry_method": exponential(1, 2, 3),
        "retry_on": [JobTimeoutException, ValueError],
        "max_stored_executions": 5,
    },
}


@pytest.mark.parametrize("options", WAYS.values(), ids=WAYS)
def test_their_worker_runs_our_task_and_nothing_stays_behind(tiger, engine, raw, notes, options):
    engine.delay(errands.note, kwargs={"path": str(notes), "text": "größer"}, queue="orders.north", **options)
    with tiger.worker():
        wait_until(lambda: notes.words == ["größer"], 60)
        wait_until(lambda: not raw.keys("t:task:*"))
    assert_sound(raw)


def test_their_worker_retries_our_task_as_often_as_it_says(tiger, engine, raw):
    task = engine.delay(errands.fail, queue="orders", retry_method=fixed(0.05, 2))
    with tiger.worker():
        wait_until(lambda: engine.browse.sizes("orders")["error"], 60)
    (row,) = engine.browse.page("orders", "error").rows
    detail = engine.browse.task("orders", task.id)
    assert (row.executions_count, row.failure.exception_name) == (3, "builtins:ValueError")
    assert [one.message for one in detail.executions] == ["no such order"] * 3
    assert all("errands.py" in one.traceback for one in detail.executions)
    assert (detail.attempts_allowed, detail.problem, detail.stale_traceback) == (3, None, False)
    assert_sound(raw)


def test_their_worker_ends_our_task_at_its_hard_timeout(tiger, engine, notes):
    engine.delay(errands.last, args=[str(notes), 30], queue="orders", hard_timeout=0.3)
    with tiger.worker():
        wait_until(lambda: engine.browse.sizes("orders")["error"], 60)
    (row,) = engine.browse.page("orders", "error").rows
    assert row.failure.exception_name == "tasktiger.exceptions:JobTimeoutException"
    assert notes.words == ["begin"]


def test_the_tasktiger_command_runs_our_task_over_tcp(tiger, tmp_path, notes):
    server = Server(tmp_path / "redis", port=_free_port(), password="hush", binary=wanted_binary()).start()
    try:
        engine = Engine(server.tcp_url)
        engine.delay(errands.note, args=[str(notes)], queue="orders")
        process = subprocess.Popen(
            [COMMAND, "-h", "127.0.0.1", "-p", str(server.port), "-a", "hush", "-q", "orders"],
            cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0,
        )  # fmt: skip
        with killed_at_the_end(process):
            wait_until(lambda: notes.words == ["ran"], 60)
            wait_until(lambda: not engine.store.client.keys("t:task:*"))
        engine.close()
    finally:
        server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
