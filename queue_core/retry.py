"""Retry methods, and the decision what happens to a task after its run.  Pure: no Redis, no clock.

`fixed`, `linear` and `exponential` give a pair (function, arguments), as TaskTiger's do; on the wire stands the private
function's name (wire §3.2).  fixed(60, 3) means one run and up to three retries.
"""

from dataclasses import dataclass, field

from queue_core import names
from queue_core.errors import NameNotAllowed, StopRetry, TaskImportError
from queue_core.outcome import Done, Outcome


def _fixed(retry_number, delay, max_retries):
    if retry_number > max_retries:
        raise StopRetry
    return delay


def _linear(retry_number, delay, increment, max_retries):
    if retry_number > max_retries:
        raise StopRetry
    return float(delay) + float(increment) * (retry_number - 1)


def _exponential(retry_number, delay, factor, max_retries):
    if retry_number > max_retries:
        raise StopRetry
    # as floats: a power of whole numbers that stand in Redis could keep the worker busy for hours
    return float(delay) * float(factor) ** (retry_number - 1)


for _method in (_fixed, _linear, _exponential):
    names.register_alias(f"tasktiger.retry:{_method.__name__}", _method)


def fixed(delay, max_retries):
    """The same delay in seconds before every retry."""
    return _fixed, (delay, max_retries)


def linear(delay, increment, max_retries):
    """`delay` seconds before the first retry, `increment` more before each further one."""
    return _linear, (delay, increment, max_retries)


def exponential(delay, factor, max_retries):
    """`delay` seconds before the first retry, `factor` times as long before each further one."""
    return _exponential, (delay, factor, max_retries)


def to_wire(method) -> list:
    """`[name, [arguments]]` of a pair (function, arguments) or of a bare function."""
    function, arguments = method if isinstance(method, (tuple, list)) else (method, ())
    return [names.wire_name(function), list(arguments)]


@dataclass(frozen=True)
class Finish:
    """Leave nothing behind.  retry_number, method_name: as in GiveUp, when it failed and wants no record of that."""

    retry_number: int | None = field(default=None, compare=False)
    method_name: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class RetryLater:
    """Run again after delay_seconds; this will be retry number retry_number."""

    delay_seconds: float
    retry_number: int
    method_name: str


@dataclass(frozen=True)
class GiveUp:
    """To the error queue.  why: set when a retry method itself was the trouble.

    retry_number, method_name: set when a retry was wanted and the method was asked in vain."""

    why: str | None = None
    retry_number: int | None = field(default=None, compare=False)
    method_name: str | None = field(default=None, compare=False)


Step = Finish | RetryLater | GiveUp

_STOP = names.wire_name(StopRetry)


def next_step(payload, outcome: Outcome, failures: int, *, default_method, resolve) -> Step:
    """What happens after `outcome`.

    failures: failed runs so far, this one included.  default_method: wire form, for tasks that name none.
    resolve: wire name -> function, raising NameNotAllowed or TaskImportError."""
    if isinstance(outcome, Done):
        return Finish()
    method = _wanted_method(payload, outcome, default_method)
    step = _ask(method, max(failures, 1), resolve) if method else GiveUp()
    if isinstance(step, GiveUp) and not outcome.log_error:
        return Finish(step.retry_number, step.method_name)
    return step


def _wanted_method(payload, outcome, default_method):
    if outcome.retry_wanted:
        return outcome.retry_method or payload.retry_method or default_method
    if not payload.retry_method:
        return None
    if not payload.retry_on or _covers(payload.retry_on, outcome.lineage):
        return payload.retry_method
    return None


def _covers(retry_on, lineage) -> bool:
    return any(names.canonical(name) in lineage for name in retry_on)


def _ask(method, retry_number, resolve) -> Step:
    name, arguments = method
    stopped = GiveUp(retry_number=retry_number, method_name=name)
    try:
        delay_seconds = float(resolve(name)(retry_number, *arguments))
    except StopRetry:
        return stopped
    except (NameNotAllowed, TaskImportError) as error:
        return GiveUp(why=str(error))
    except Exception as error:  # a user's retry method may raise anything; the worker must live
        if _STOP in names.lineage(type(error)):  # of a TaskTiger that is loaded too
            return stopped
        return GiveUp(why=f"The retry method {name} raised {type(error).__name__}: {error}")
    return RetryLater(max(delay_seconds, 0.0), retry_number, name)
