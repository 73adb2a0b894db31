"""What runs while processes die at chosen points.  Each run writes its begin and its end to the ledger."""

import contextlib
import time

from queue_core import Engine, JobTimeoutException, fixed, periodic
from queue_core.worker.running import current
from tests.faults.ledger import SIGN_EVERY_SECONDS, Ledger, Pen

engine = Engine("unix:///nowhere")
REPEATABLE = {"retry_on": [JobTimeoutException], "retry_method": fixed(0.1, 20)}

_place = {}


def attach(ledger_path, its_engine) -> None:
    """Says, in the process that is to run tasks, where their ledger is and by which engine they enqueue."""
    _place.update(path=ledger_path, pen=Pen(ledger_path), engine=its_engine)


class Stumbled(Exception):
    """What a task raises that succeeds at another time."""


class Hopeless(Exception):
    """What a task raises that never succeeds."""


@engine.task()
def once(seconds=0):
    """Must not be started a second time."""
    with _noted("once"):
        _work(seconds)


@engine.task(**REPEATABLE)
def again(seconds=0):
    """May be repeated after its worker was lost."""
    with _noted("repeatable"):
        _work(seconds)


@engine.task(**REPEATABLE)
def wait_aside():
    """Held at first."""
    with _noted("repeatable"):
        pass


@engine.task(lock=True, **REPEATABLE)
def locked():
    """Not two at the same time."""
    with _noted("repeatable"):
        pass


@engine.task(retry_on=[JobTimeoutException, Stumbled], retry_method=fixed(0.1, 20))
def stumble():
    """Fails the first time."""
    with _noted("repeatable") as ids:
        _stumble(ids)


@engine.task(unique=True, **REPEATABLE)
def alone(number):
    """One task for each number, in however many queues."""
    with _noted("repeatable"):
        pass


@engine.task()
def fail():
    """Fails for good."""
    with _noted("once"):
        raise Hopeless


@engine.task(**REPEATABLE)
def spawn(task_id, later):
    """Enqueues two more, under names that make a repetition harmless."""
    with _noted("repeatable"):
        for name, seconds in ((task_id, 0), (later, 0.1)):
            _place["engine"].delay(again, queue="spawned", task_id=name, remember_seconds=60, when=_in(seconds))


@engine.task(batch=True, **REPEATABLE)
def together(calls):
    """All that were claimed, in one run."""
    with _noted("repeatable"):
        pass


@engine.task(batch=True)
def together_once(calls):
    """All that were claimed, in one run that must not be repeated."""
    with _noted("once"):
        _work(0.3)


@engine.task(batch=True, retry_on=[JobTimeoutException, Stumbled], retry_method=fixed(0.1, 20))
def together_stumbling(calls):
    """Fails the first time for all of them."""
    with _noted("repeatable") as ids:
        _stumble(ids)


@engine.task(batch=True)
def together_in_vain(calls):
    with _noted("once"):
        raise Hopeless


@engine.task(schedule=periodic(hours=1), queue="recurring")
def hourly():
    pass


def _in(seconds):
    return time.time() + seconds if seconds else None


@contextlib.contextmanager
def _noted(kind):
    ids = [task.id for task in current().tasks]
    _note_all("begin", ids, kind)
    try:
        yield ids
    except (Stumbled, Hopeless):
        _note_all("raised", ids)
        raise
    _note_all("done", ids)


def _note_all(what, ids, *more):
    for task_id in ids:
        _place["pen"].note(what, task_id, *more)


def _stumble(ids):
    runs = Ledger.read(_place["path"]).runs
    if not any(run.ended_by == "raised" for task_id in ids for run in runs[task_id]):
        raise Stumbled


def _work(seconds):
    """Lasts so long, and says that it goes on."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, SIGN_EVERY_SECONDS))
        if left > SIGN_EVERY_SECONDS:
            _note_all("still", [task.id for task in current().tasks])
