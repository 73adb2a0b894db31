"""How a run ended: the value that travels from an executor to the decision about the next step.

Expected endings are values, not exceptions.
"""

from dataclasses import dataclass

TIMEOUT_NAME = "tasktiger.exceptions:JobTimeoutException"
TIMEOUT_LINEAGE = (TIMEOUT_NAME, "builtins:BaseException", "builtins:object")


@dataclass(frozen=True)
class Done:
    """The function returned."""

    started_at: float
    ended_at: float


@dataclass(frozen=True)
class Failed:
    """The function raised.

    lineage: wire names of the exception's class and all its bases, so that nobody has to import them to compare.
    retry_wanted, retry_method, log_error: what a RetryException carried."""

    started_at: float
    ended_at: float
    exception_name: str
    lineage: tuple[str, ...] = ()
    traceback: str | None = None
    retry_wanted: bool = False
    retry_method: tuple | None = None
    log_error: bool = True


@dataclass(frozen=True)
class TimedOut:
    """The run overran its hard timeout: interrupted inside (with a traceback) or killed from outside (without).

    by: who ended it before that time, where a person did."""

    started_at: float
    ended_at: float
    hard_timeout_seconds: float
    traceback: str | None = None
    by: str | None = None
    exception_name = TIMEOUT_NAME
    lineage = TIMEOUT_LINEAGE
    retry_wanted = False
    retry_method = None
    log_error = True


@dataclass(frozen=True)
class Killed:
    """The process that ran it died without a word.  signal is None when it left with an exit status instead."""

    started_at: float
    ended_at: float
    signal: int | None = None
    exit_status: int | None = None
    traceback = None
    exception_name = TIMEOUT_NAME  # what TaskTiger assumes of a child that left no record
    lineage = TIMEOUT_LINEAGE
    retry_wanted = False
    retry_method = None
    log_error = True


@dataclass(frozen=True)
class Stopped:
    """The run was ended because the lease is over; the task belongs to somebody else and nothing may be written."""

    started_at: float
    ended_at: float


Outcome = Done | Failed | TimedOut | Killed | Stopped
