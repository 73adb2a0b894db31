"""What the workers run during a soak: every kind of task that the engine knows, each noting its runs in the ledger."""

import contextlib
import os
import random
import signal
import time
from functools import cache

from queue_core import Engine, JobTimeoutException, fixed, periodic
from tests.faults.ledger import SIGN_EVERY_SECONDS, Pen
from tests.faults.tasks import LEDGER

TICK_SECONDS = 2
BATCH_QUEUE = "letters"

engine = Engine()
_running = []  # the names under which runs are noted now
_chance = random.SystemRandom()  # a forked child must not repeat the chances of the one before it


class Stumbled(Exception):
    """What a task raises that may succeed at another time."""


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
def fail_at_once(seconds):
    """Fails for good."""
    with _noted("once"):
        _work(seconds)
        raise Stumbled


@engine.task(retry_on=[JobTimeoutException, Stumbled], retry_method=fixed(0.2, 2), max_stored_executions=2)
def fail_in_the_end(seconds):
    """Fails, is retried, and fails for good."""
    with _noted("repeatable"):
        _work(seconds)
        raise Stumbled


@engine.task(unique=True, retry_on=[JobTimeoutException], retry_method=fixed(0.2, 50))
def tidy(room):
    """One task for each room, in one queue."""
    with _noted("repeatable"):
        _work(0.002 * room)


@engine.task(unique=True, retry_on=[JobTimeoutException], retry_method=fixed(0.2, 50))
def mirror(room):
    """One task for each room and queue: the two queues share one payload."""
    with _noted("repeatable", per_queue=True):
        _work(0.002 * room)


@engine.task(lock=True, lock_key=["printer"], retry_on=[JobTimeoutException], retry_method=fixed(0.2, 50))
def print_pages(seconds, printer):
    """Not two on one printer."""
    with _noted("repeatable"):
        _work(seconds)


@engine.task(hard_timeout=0.5)
def overrun():
    """Lasts longer than it may."""
    with _noted("once"):
        _work(20)


@engine.task()
def die_once():
    """Takes down the process that runs it."""
    with _noted("once"):
        os.kill(os.getpid(), signal.SIGKILL)


@engine.task(retry_on=[JobTimeoutException], retry_method=fixed(0.2, 3))
def die_again():
    """The same, and may be repeated: until it is put aside."""
    with _noted("repeatable"):
        os.kill(os.getpid(), signal.SIGKILL)


@engine.task(queue=BATCH_QUEUE, batch=True, retry_on=[JobTimeoutException], retry_method=fixed(0.2, 50))
def send(letters):
    """Many at once."""
    with contextlib.ExitStack() as stack:
        for task in engine.current_tasks:
            stack.enter_context(_noted_as(task.id, "repeatable"))
        _work(sum(letter["args"][0] for letter in letters))


@engine.task(queue="ticks", schedule=periodic(seconds=TICK_SECONDS))
def tick():
    """Recurs."""
    with _noted("repeatable"):
        pass


def _noted(kind, per_queue=False):
    task = engine.current_task
    return _noted_as(f"{task.id}@{task.queue}" if per_queue else task.id, kind)


@contextlib.contextmanager
def _noted_as(name, kind):
    _pen().note("begin", name, kind)
    _running.append(name)
    try:
        yield
    except BaseException:
        _pen().note("raised", name)
        raise
    finally:
        _running.remove(name)
    _pen().note("done", name)


def _work(seconds):
    """Lasts so long, and says that it goes on."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, SIGN_EVERY_SECONDS))
        if left > SIGN_EVERY_SECONDS:
            for name in _running:
                _pen().note("still", name)


@cache
def _pen():
    return Pen(os.environ[LEDGER])
