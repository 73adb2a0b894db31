"""Our worker was stopped for longer than its lease, and a worker of theirs has taken its task."""

import os
import signal

import pytest

from queue_core import JobTimeoutException
from tests.interop import errands
from tests.interop.conftest import QUICK
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("claims_may_stay")


@pytest.fixture
def begun(engine, raw, our_worker, notes, tmp_path):
    """A worker of ours that is in the middle of a task, which may be repeated: (its process, the id)."""
    arguments = [str(notes), str(tmp_path)]
    with our_worker(sweeper_lease_seconds=1) as process:
        task = engine.delay(errands.wait_for_turn, args=arguments, queue="orders", retry_on=[JobTimeoutException])
        wait_until(lambda: notes.words == ["begin-1"] and raw.exists("t:lockv2:queue_expired_tasks"), 60)
        yield process, task.id


def test_our_stopped_worker_ends_its_run_without_a_word_when_it_wakes(
    tiger, engine, raw, begun, our_log, notes, tmp_path
):
    process, task_id = begun
    os.killpg(process.pid, signal.SIGSTOP)
    with tiger.worker():
        wait_until(lambda: notes.words == ["begin-1", "begin-2"], 60)
        (tmp_path / "released-1").touch()
        os.killpg(process.pid, signal.SIGCONT)
        wait_until(lambda: our_log("task stopped, its lease is over"), 60)
        _stays_with_them(engine, raw, task_id)
        (tmp_path / "released-2").touch()
        wait_until(lambda: not raw.keys("t:task:*"), 60)
    assert notes.words == ["begin-1", "begin-2", "end-2"]


def test_our_stopped_worker_cannot_finish_the_task_that_its_child_has_run_to_the_end(
    tiger, engine, raw, begun, our_log, notes, tmp_path
):
    process, task_id = begun
    process.send_signal(signal.SIGSTOP)
    (tmp_path / "released-1").touch()
    wait_until(lambda: notes.words == ["begin-1", "end-1"], 60)
    with tiger.worker():
        wait_until(lambda: notes.words == ["begin-1", "end-1", "begin-2"], 60)
        process.send_signal(signal.SIGCONT)
        # what it says depends on whether it looks at its child or at its lease first
        wait_until(lambda: our_log("lease lost") or our_log("task stopped, its lease is over"), 60)
        _stays_with_them(engine, raw, task_id)
        (tmp_path / "released-2").touch()
        wait_until(lambda: not raw.keys("t:task:*"), 60)


def test_our_worker_that_wakes_after_theirs_has_finished_its_task_writes_nothing(
    tiger, engine, raw, begun, our_log, notes, tmp_path
):
    process, _ = begun
    os.killpg(process.pid, signal.SIGSTOP)
    (tmp_path / "released-2").touch()
    with tiger.worker():
        wait_until(lambda: notes.words == ["begin-1", "begin-2", "end-2"], 60)
        wait_until(lambda: not raw.keys("t:task:*"), 60)
    os.killpg(process.pid, signal.SIGCONT)
    wait_until(lambda: our_log("task stopped, its lease is over"), 60)
    engine.delay(errands.note, args=[str(notes), "next"], queue="pictures")
    wait_until(lambda: "next" in notes.words and not raw.keys("t:task:*"), 60)
    assert not [key for state in ("queued", "active", "scheduled", "error") for key in raw.keys(f"t:{state}*")]


def _stays_with_them(engine, raw, task_id):
    """They go on renewing what they hold, and nothing of it has been touched."""
    assert engine.browse.states("orders", task_id) == ["active"]
    assert raw.lrange(f"t:task:{task_id}:executions", 0, -1) == [] and raw.get(f"t:task:{task_id}")
    score = raw.zscore("t:active:orders", task_id)
    wait_until(lambda: raw.zscore("t:active:orders", task_id) > score + QUICK["heartbeat_seconds"] / 2, 60)
