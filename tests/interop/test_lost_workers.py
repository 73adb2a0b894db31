"""What becomes of a task whose TaskTiger worker was killed, and who looks after it."""

import contextlib
import os
import signal

import pytest

from queue_core import Engine, JobTimeoutException, Settings
from queue_core.sweeper import Sweeper
from tests.checker import assert_sound
from tests.interop import errands
from tests.waiting import wait_until

ALL_QUEUES = "a683096011db3975a1e401e33b0047d1f2677a11efe85ef12806f016ae039795"
"""The group of TaskTiger workers without a filter (wire §4)."""


@pytest.fixture
def lose(tiger, notes):
    """Call it to enqueue with them, and to kill their worker with its child in the middle of the run; the id."""

    def lost(**options):
        task_id = tiger.delay(errands.wait_for, notes, notes.path.with_name("released"), queue="orders", **options)
        with tiger.worker() as process:
            wait_until(lambda: notes.words == ["begin"], 60)
            os.killpg(process.pid, signal.SIGKILL)
        return task_id

    return lost


def test_our_sweeper_puts_the_task_of_their_lost_worker_into_error(engine, raw, our_worker, lose):
    task_id = lose()
    with our_worker(), our_worker(kind="sweeper"):
        wait_until(lambda: engine.browse.states("orders", task_id) == ["error"], 60)
    detail = engine.browse.task("orders", task_id)
    assert detail.executions[0].reason == "worker_lost"
    assert_sound(raw)


def test_our_sweeper_lets_the_task_of_their_lost_worker_run_again_when_it_may(engine, raw, our_worker, lose, notes):
    lose(retry_on=["JobTimeoutException"])
    notes.path.with_name("released").touch()
    with our_worker(), our_worker(kind="sweeper"):
        wait_until(lambda: notes.words == ["begin", "begin", "end"], 60)
        wait_until(lambda: not raw.keys("t:task:*"))
    assert_sound(raw)


@pytest.fixture
def lost_id(engine, our_worker, notes, tmp_path):
    """Call it to enqueue with us, and to kill our worker with its child in the middle of the run; the id."""

    def lost(**options):
        arguments = [str(notes), str(tmp_path)]
        task = engine.delay(errands.wait_for_turn, args=arguments, queue="orders", **options)
        with our_worker(sweeper_lease_seconds=1) as process:
            wait_until(lambda: notes.words == ["begin-1"], 60)
            os.killpg(process.pid, signal.SIGKILL)
        return task.id

    return lost


@pytest.mark.usefixtures("claims_may_stay")
def test_their_sweep_lets_the_task_of_our_lost_worker_run_again_when_it_may(tiger, raw, lost_id, notes, tmp_path):
    lost_id(retry_on=[JobTimeoutException])
    (tmp_path / "released-2").touch()
    with tiger.worker():
        wait_until(lambda: notes.words == ["begin-1", "begin-2", "end-2"], 60)
        wait_until(lambda: not raw.keys("t:task:*"))


@pytest.mark.usefixtures("claims_may_stay")
def test_their_sweep_puts_the_task_of_our_lost_worker_into_error_and_we_can_show_it(tiger, engine, lost_id, notes):
    task_id = lost_id()
    with tiger.worker():
        wait_until(lambda: engine.browse.states("orders", task_id) == ["error"], 60)
    detail = engine.browse.task("orders", task_id)
    assert (detail.executions_count, list(detail.executions), notes.words) == (0, [], ["begin-1"])


# -- who looks after lost tasks while both are there --


@pytest.fixture
def patient(redis_url):
    """An engine of ours by whose settings no lease is over yet that is over for TaskTiger."""
    with contextlib.closing(Engine(redis_url, Settings(lease_seconds=600))) as engine:
        yield engine


def _claimed_long_ago(engine, raw):
    task = engine.delay(errands.fail, queue="orders")
    engine.leases.session("a worker that is slow").claim("orders", 1)
    raw.zincrby("t:active:orders", -60, task.id)
    return task.id


@pytest.mark.usefixtures("claims_may_stay")
def test_while_our_sweeper_lives_their_workers_expire_nothing(tiger, patient, raw, notes):
    task_id = _claimed_long_ago(patient, raw)
    sweeper = Sweeper(patient)
    sweeper.step()
    with tiger.worker({"SELECT_TIMEOUT": 0}):
        for number in range(1, 5):
            # each is run in another round, and they look for expired tasks after every round
            patient.delay(errands.note, args=[str(notes)], queue="pictures")
            wait_until(lambda count=number: sweeper.step() or len(notes.words) == count, 60)
            assert patient.browse.states("orders", task_id) == ["active"]
        sweeper.leave()
        wait_until(lambda: patient.browse.states("orders", task_id) == ["error"], 60)


@pytest.mark.usefixtures("claims_may_stay")
def test_when_our_sweeper_was_killed_theirs_takes_over_after_the_lease_of_the_sweeper(tiger, patient, raw, our_worker):
    task_id = _claimed_long_ago(patient, raw)
    with our_worker(kind="sweeper", lease_seconds=600, sweeper_lease_seconds=3) as process:
        wait_until(lambda: raw.exists("t:lockv2:queue_expired_tasks"), 60)
        with tiger.worker():
            wait_until(lambda: raw.exists("t:lockv2:queue_scheduled_tasks:" + ALL_QUEUES), 60)
            process.kill()
            assert 0 < raw.pttl("t:lockv2:queue_expired_tasks") <= 3000
            assert patient.browse.states("orders", task_id) == ["active"]
            wait_until(lambda: patient.browse.states("orders", task_id) == ["error"], 60)
