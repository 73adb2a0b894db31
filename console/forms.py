"""What several forms ask for, read from the request."""

import math

from flask import request

from console.current import now
from queue_core.errors import InvalidRequest

CANARY_SECONDS = 60
_DAY_SECONDS = 86_400
MOST_SECONDS = 30 * 86_400


def given_end(what: str) -> float | None:
    """When something that was asked for `seconds` ends; None when nothing was chosen.  Raises InvalidRequest."""
    seconds = request.form.get("seconds", "")
    if not seconds:
        return None
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) < 9 and 0 < int(seconds) <= MOST_SECONDS):
        raise InvalidRequest(f"{what} lasts between one second and 30 days, or until somebody ends it.")
    return now() + int(seconds)


def given_pace() -> dict:
    """How a retry is to go, as `operations.start` takes it: rate, canary, canary_seconds, canary_failures.

    Nothing typed: all at once.  Raises InvalidRequest."""
    return {
        "rate": given_rate(),
        "canary": given_canary(),
        "canary_seconds": _seconds(),
        "canary_failures": _count("canary_failures", "The failures that a canary may have are a number up to 100."),
    }


def given_target() -> dict:
    """Where a move leads, as `operations.start` takes it."""
    return {"to_queue": request.form.get("to_queue", "").strip()}


def given_canary() -> int:
    """How many tasks go ahead; 0 when nothing was typed.  Raises InvalidRequest."""
    return _count("canary", "A canary is a number of tasks up to 100; empty means none.")


def _count(name, fault) -> int:
    typed = request.form.get(name, "").strip() or "0"
    if not typed.isascii() or not typed.isdigit() or int(typed[:9]) > 100 or len(typed) > 9:
        raise InvalidRequest(fault)
    return int(typed)


def _seconds() -> float:
    typed = request.form.get("canary_seconds", "").strip() or str(CANARY_SECONDS)
    if not typed.isascii() or not typed.isdigit() or len(typed) > 5 or not 0 < int(typed) <= _DAY_SECONDS:
        raise InvalidRequest("A canary is waited for between one second and a day: type seconds.")
    return float(typed)


def given_rate() -> float:
    """Tasks a second as typed; 0 when nothing was: as fast as it goes.  Raises InvalidRequest."""
    typed = request.form.get("rate", "").strip()
    try:
        rate = float(typed or 0)
    except ValueError:
        rate = math.nan
    if not 0 <= rate < math.inf:
        raise InvalidRequest("A rate is a number of tasks a second, such as 20 or 0.5; empty means as fast as it goes.")
    return rate
