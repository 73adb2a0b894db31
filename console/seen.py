"""What the form of a preview says was seen there: which queues, up to which moment, how many tasks.

The act is bound to that: a form that lacks it is refused, and so is one on many tasks whose number was not typed."""

import math

from flask import request

from console.converters import from_segment
from console.presenters import number
from queue_core.errors import InvalidRequest

TYPED_ABOVE = 1000
MAX_QUEUES = 20
"""So many queues one act takes."""
A_FEW = 5


def queues() -> list[str]:
    """Raises InvalidRequest."""
    try:
        return list(dict.fromkeys(map(from_segment, request.form.getlist("queue"))))[:MAX_QUEUES]
    except ValueError as error:
        raise InvalidRequest("One of the queues has no readable name. Open the preview again.") from error


def not_after() -> float:
    """The cut-off, Unix seconds.  Raises InvalidRequest."""
    moment = request.form.get("not_after", type=float)
    if moment is None or not math.isfinite(moment):
        raise InvalidRequest("The form lacks the moment up to which tasks are meant. Open its page again.")
    return moment


def count() -> int:
    """How many tasks were shown.  Raises InvalidRequest."""
    shown = request.form.get("matched", "")
    if not (shown.isascii() and shown.isdigit()):
        raise InvalidRequest("The form lacks how many tasks were shown. Open the preview again.")
    return int(shown[:12])


def confirm(touched: int, *, about: bool = False) -> None:
    """Refuses what touches more than 1,000 tasks, unless the number that was shown is typed.  Raises InvalidRequest."""
    # the page shows it with spaces in it
    shown, typed = request.form.get("matched", ""), "".join(request.form.get("typed", "").split())
    if touched > TYPED_ABOVE and not (typed and typed == shown):
        tasks = f"{'about ' if about else ''}{number(touched)} tasks"
        raise InvalidRequest(f"This touches {tasks}. Type the number that is shown to confirm.")


def confirm_still(meant: int) -> None:
    """The same of what is counted anew; refuses far more than was shown, too.  Raises InvalidRequest."""
    shown = count()
    # a preview of so few did not ask for their number
    if meant - shown > max(A_FEW, shown // 10) or shown <= TYPED_ABOVE < meant:
        raise InvalidRequest(f"Meanwhile there are {number(meant)}; open the preview again.")
    confirm(shown)
