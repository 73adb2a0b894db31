"""What several forms ask for, read from the request."""

import math

from flask import request

from queue_core.errors import InvalidRequest


def given_canary() -> int:
    """How many tasks go ahead; 0 when nothing was typed.  Raises InvalidRequest."""
    typed = request.form.get("canary", "").strip() or "0"
    if not typed.isascii() or not typed.isdigit() or len(typed) > 3:
        raise InvalidRequest("A canary is a number of tasks up to 100; empty means none.")
    return int(typed)


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
