"""What a task raised, as the value `Failed`.

Nothing here may raise: the exception comes from anybody's code, and its class, its text and its traceback may be odd.
"""

import traceback

from queue_core import names, retry
from queue_core.outcome import Failed

MAX_TRACEBACK_BYTES = 65_536

_CALLERS = {f"{__package__}.call", f"{__package__}.executors"}
_RETRY_NAME = "tasktiger.exceptions:RetryException"


def describe(error: BaseException, started_at: float, ended_at: float) -> Failed:
    """The failed run that ended with `error`.

    A RetryException is known by its wire name, since an application may raise the class of an installed TaskTiger."""
    lineage = _lineage(type(error))
    facts = {"started_at": started_at, "ended_at": ended_at, "exception_name": lineage[0], "lineage": lineage}
    if _RETRY_NAME not in lineage:
        return Failed(**facts, traceback=formatted(error))
    try:
        wish = _retry_wish(error)
    except Exception as fault:
        return describe(fault, started_at, ended_at)
    return Failed(**facts, traceback=formatted(_told(error)), **wish)


def formatted(error: BaseException) -> str:
    """The traceback as text of at most 64 KiB, from the task's function on; of a longer one both ends are kept."""
    try:
        lines = traceback.format_exception(type(error), error, _from_the_function_on(error.__traceback__))
    except Exception as fault:
        lines = [f"The traceback of {type(error).__name__} could not be written: {type(fault).__name__}\n"]
    return clipped("".join(lines))


def _from_the_function_on(whole):
    """`whole` without our own first frames, unless there are no others: a call with wrong arguments has none."""
    rest = whole
    while rest is not None and rest.tb_frame.f_globals.get("__name__") in _CALLERS:
        rest = rest.tb_next
    return rest or whole


def clipped(text: str, max_bytes: int = MAX_TRACEBACK_BYTES) -> str:
    raw = text.encode("utf-8", "backslashreplace")
    if len(raw) <= max_bytes:
        return raw.decode()
    half = (max_bytes - 100) // 2
    head, tail = raw[:half].decode("utf-8", "ignore"), raw[-half:].decode("utf-8", "ignore")
    return f"{head}\n[… {len(raw) - 2 * half} bytes left out …]\n{tail}"


def _lineage(cls: type) -> tuple[str, ...]:
    try:
        return names.lineage(cls)
    except Exception:  # a metaclass can make its classes unhashable
        return tuple(f"{type.__dict__['__module__'].__get__(base)}:{base.__name__}" for base in cls.__mro__)


def _retry_wish(error) -> dict:
    method = getattr(error, "method", None)
    wire_method = tuple(retry.to_wire(method)) if method else None
    return {"retry_wanted": True, "retry_method": wire_method, "log_error": bool(getattr(error, "log_error", True))}


def _told(error):
    """The exception whose traceback is to be kept: ours says so by a flag, TaskTiger's carries it along."""
    carried = (getattr(error, "exc_info", None) or (None, None))[1]
    if carried is not None:
        return carried
    if getattr(error, "original_traceback", False) and error.__context__ is not None:
        return error.__context__
    return error
