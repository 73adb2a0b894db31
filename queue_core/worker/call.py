"""One call of a function, in this process."""

import os
import sys
import traceback
from contextlib import ContextDecorator, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass

from queue_core.errors import JobTimeoutException
from queue_core.outcome import Done, Outcome, TimedOut
from queue_core.payload import Payload
from queue_core.worker import failure, running
from queue_core.worker.limits import Alarm
from queue_core.worker.runner import as_batch, refuse_unrun


@dataclass(frozen=True)
class Call:
    """A function that has been found, and what it is called for: one task, or all of a batch.

    queue: where they come from.  payloads: one for each task.  batch: the function wants them as one list, also a
    single one.  tasks: the same as `Task` records, for whoever asks what runs now.  runner: an application's own way
    of calling.  contexts: context managers, or callables that give one, entered in this order around the call.
    grace_seconds: for so long after its hard timeout it is not killed from outside; a runner may have a limit of its
    own."""

    queue: str
    payloads: tuple[Payload, ...]
    function: object
    hard_timeout_seconds: float
    batch: bool = False
    tasks: tuple = ()
    runner: object = None
    contexts: tuple = ()
    grace_seconds: float = 0.0


def perform(call: Call, alarm: Alarm, now, making=None) -> Outcome:
    """Calls the function and says how that ended.  Whatever it raises is caught here, in this one place.

    making: what to do instead of `make`, with the same call."""
    started_at = now()
    try:
        with alarm, _known_to_all(call), _entered(call.contexts), _one_process():
            (making or make)(call)
    except BaseException as error:
        alarm.disarm()
        failed = failure.describe(error, started_at, now())
        if isinstance(error, JobTimeoutException) and alarm.rang:
            return TimedOut(started_at, failed.ended_at, alarm.hard_timeout_seconds, failed.traceback)
        return failed
    return Done(started_at, now())


@contextmanager
def _all_of(contexts):
    with ExitStack() as entered:
        for context in contexts:
            entered.enter_context(_ready(context))
        yield


def _entered(contexts):
    return _all_of(contexts) if contexts else nullcontext()


def _ready(context):
    """A context manager as it is, or of its callable; those made by `contextmanager` serve once, so a fresh one."""
    if not hasattr(type(context), "__enter__"):
        return context()
    return context._recreate_cm() if isinstance(context, ContextDecorator) else context


class _one_process:
    """A context that a process which the task has forked does not leave: it ends there, with the call.

    It would go on as a second worker, on the same connections, or report for the first."""

    def __enter__(self):
        self._pid = os.getpid()

    def __exit__(self, _kind, error, _traceback):
        if os.getpid() != self._pid:
            _end_as_a_script_does(error)


def _end_as_a_script_does(error):
    status = 0 if error is None else 1
    try:
        if isinstance(error, SystemExit):
            status = error.code if isinstance(error.code, int) else int(error.code is not None)
        elif error is not None:
            traceback.print_exception(error)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    finally:
        os._exit(status & 0xFF)


def _known_to_all(call):
    return running.inside(call.tasks, call.batch) if call.tasks else nullcontext()


def make(call: Call) -> None:
    """Calls the function, or has the application's runner do so.  Raises what that raises."""
    if call.runner is not None:
        _leave_to(call.runner, call)
    elif call.batch:
        refuse_unrun(call.function(as_batch(call.payloads)))
    else:
        (payload,) = call.payloads
        refuse_unrun(call.function(*payload.args, **payload.kwargs))


def _leave_to(runner, call):
    if call.batch:
        runner.run_batch_tasks(list(call.tasks), call.hard_timeout_seconds)
    else:
        runner.run_single_task(call.tasks[0], call.hard_timeout_seconds)
