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


@pytest.fixture
def lose(tiger, notes):
    """Call it to enqueue with them, and to kill their worker with its child in the middle of the run; the id."""

    def lost(**options):
        task_id = tiger.delay(errands.wait_for, notes, notes.path.with_name("released"), queue="orders", **options)
        with tiger.worker() as process:
            wait_until(lambda: notes.words == ["begin"], 20)
            os.killpg(process.pid, signal.SIGKILL)
        return task_id

    return lost


def test_our_sweeper_puts_the_task_of_their_lost_worker_into_error(engine, raw, our_worker, lose):
    task_id = lose()
    with our_worker(), our_worker("sweeper"):
        wait_until(lambda: engine.browse.states("orders", task_id) == ["error"], 20)
    detail = engine.browse.task("orders", task_id)
    assert detail.executions[0].reason == "worker_lost"
    assert_sound(raw)


def test_our_sweeper_lets_the_task_of_their_lost_worker_run_again_when_it_may(engine, raw, our_worker, lose, notes):
    lose(retry_on=["JobTimeoutException"])
    notes.path.with_name("released").touch()
    with our_worker(), our_worker("sweeper"):
        wait_until(lambda: notes.words == ["begin", "begin", "end"], 20)
        wait_until(lambda: not raw.keys("t:task:*"))
    assert_sound(raw)


def test_their_sweep_recovers_the_task_of_our_lost_worker(tiger, engine, raw, our_worker, notes):
    released_path = notes.path.with_name("released")
    engine.delay(
        errands.wait_for, args=[str(notes), str(released_path)], queue="orders", retry_on=[JobTimeoutException]
    )
    with our_worker() as process:
        wait_until(lambda: notes.words == ["begin"], 20)
        os.killpg(process.pid, signal.SIGKILL)
    released_path.touch()
    raw.delete("t:x:lease:sweeper", "t:lockv2:queue_expired_tasks")
    with tiger.worker():
        wait_until(lambda: notes.words == ["begin", "begin", "end"], 20)
        wait_until(lambda: not raw.keys("t:task:*"))


def test_while_our_sweeper_lives_their_workers_expire_nothing(tiger, redis_url, raw, notes):
    # by their settings the lease of this task is over, by ours it is not
    with contextlib.closing(Engine(redis_url, Settings(lease_seconds=600))) as engine:
        task = engine.delay(errands.fail, queue="orders")
        engine.leases.session("a worker that is slow").claim("orders", 1)
        raw.zincrby("t:active:orders", -60, task.id)
        sweeper = Sweeper(engine)
        sweeper.step()
        with tiger.worker({"SELECT_TIMEOUT": 0}):
            for number in range(1, 5):
                # each is run in another round, and they look for expired tasks after every round
                engine.delay(errands.note, args=[str(notes)], queue="pictures")
                wait_until(lambda count=number: sweeper.step() or len(notes.words) == count, 20)
                assert engine.browse.states("orders", task.id) == ["active"]
            sweeper.leave()
            wait_until(lambda: engine.browse.states("orders", task.id) == ["error"], 20)
