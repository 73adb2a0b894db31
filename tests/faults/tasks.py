"""What the workers run while they are killed.  Each run writes its begin and its end to the ledger."""

import contextlib
import os
import random
import signal
import time
from functools import cache
from pathlib import Path

from queue_core import Engine, JobTimeoutException, fixed
from tests.faults.ledger import SIGN_EVERY_SECONDS, Pen

LEDGER = "SIGNALBOX_FAULTS_LEDGER"
"""The variable that names the ledger."""

engine = Engine()
_chance = random.SystemRandom()  # a forked child must not repeat the chances of the one before it


class Stumbled(Exception):
    """What a task raises that succeeds at another time."""


@engine.task()
def work_once(seconds):
    """Must not be started a second time."""
    with _noted("once"):
        _work(seconds)


@engine.task(retry_on=[JobTimeoutException], retry_method=fixed(0.2, 50))
def work_again(seconds):
    """May be repeated after its worker was lost."""
    with _noted("repeatable"):
        _work(seconds)


@engine.task(retry_on=[JobTimeoutException, Stumbled], retry_method=fixed(0.3, 100), max_stored_executions=5)
def stumble(seconds):
    """Fails at times, and is then retried later."""
    with _noted("repeatable"):
        _work(seconds)
        if _chance.random() < 0.3:
            raise Stumbled


@engine.task()
def stop_process(pid, mark_path):
    """Freezes a process, if nobody has done so yet; 0 means none."""
    with _noted("once"):
        if pid and not os.path.exists(mark_path):
            Path(mark_path).touch()
            os.kill(pid, signal.SIGSTOP)


@contextlib.contextmanager
def _noted(kind):
    task_id = engine.current_task.id
    _pen().note("begin", task_id, kind)
    try:
        yield
    except Stumbled:
        _pen().note("raised", task_id)
        raise
    _pen().note("done", task_id)


def _work(seconds):
    """Lasts so long, and says that it goes on."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, SIGN_EVERY_SECONDS))
        if left > SIGN_EVERY_SECONDS:
            _pen().note("still", engine.current_task.id)


@cache
def _pen():
    return Pen(os.environ[LEDGER])
