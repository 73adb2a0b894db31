"""One call of a task's function, in this process."""

from dataclasses import dataclass

from queue_core.errors import JobTimeoutException
from queue_core.outcome import Done, Outcome, TimedOut
from queue_core.payload import Payload
from queue_core.worker import failure, running
from queue_core.worker.limits import Alarm


@dataclass(frozen=True)
class Call:
    """A task whose function has been found."""

    queue: str
    payload: Payload
    function: object
    hard_timeout_seconds: float


def perform(call: Call, alarm: Alarm, now) -> Outcome:
    """Calls the function and says how that ended.  Whatever it raises is caught here, in this one place."""
    started_at = now()
    try:
        with alarm, running.inside(call.queue, call.payload):
            call.function(*call.payload.args, **call.payload.kwargs)
    except BaseException as error:
        failed = failure.describe(error, started_at, now())
        if isinstance(error, JobTimeoutException) and alarm.interrupts:
            return TimedOut(started_at, failed.ended_at, alarm.hard_timeout_seconds, failed.traceback)
        return failed
    return Done(started_at, now())
