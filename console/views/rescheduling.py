"""Another time for all scheduled tasks of a filter: first what that would touch, then one operation for each queue."""

import math
from collections import Counter
from dataclasses import dataclass

from flask import redirect, request, url_for
from flask_admin import expose

from console import actions, presenters, reading
from console.auth import may
from console.converters import from_segment
from console.current import engine, now, snapshot
from console.forms import given_rate
from console.page import Page
from console.presenters import DONE_WORDS, number, plural
from queue_core import states
from queue_core.errors import InvalidRequest

KINDS = {"shift": "Shift", "spread": "Spread", "now": "Run now"}
UNITS = (("60", "minutes"), ("3600", "hours"), ("86400", "days"))
MAX_QUEUES = 20
LOOKED_AT = 4000
TYPED_ABOVE = 1000
A_FEW = 5
AT_ONCE = 200
MOST_SECONDS = 10 * 365 * 86_400


@dataclass(frozen=True)
class Part:
    """What is meant in one queue."""

    queue: str
    foreseen: object


class ReschedulingPage(Page):
    in_menu = False

    def __init__(self):
        super().__init__("Another time for all", endpoint="rescheduling", url="/scheduled/all")

    @expose("/")
    @may("look")
    def index(self):
        return redirect(url_for("scheduled.index"))

    @expose(f"/<any({','.join(KINDS)}):kind>")
    @may("operate")
    def preview(self, kind):
        at, wanted, window = now(), request.args.get("q", "").strip(), _window(request.args)
        fault, seconds = "", None
        try:
            seconds = _seconds(kind)
        except InvalidRequest as error:
            fault = str(error)
        queues, left = _queues(wanted)
        parts = [part for part in _parts(queues, window) if part.foreseen.matched]
        matched = sum(part.foreseen.about for part in parts)
        page = self.render(
            "scheduled/reschedule.html",
            kind=kind,
            titles=KINDS,
            units=UNITS,
            fault=fault,
            seconds=seconds,
            wanted=wanted,
            window=window,
            parts=parts,
            left=left,
            most_queues=MAX_QUEUES,
            matched=matched,
            is_exact=all(part.foreseen.is_exact for part in parts),
            is_counted=snapshot() is not None,
            functions=sum((part.foreseen.functions for part in parts), Counter()).most_common(6),
            samples=[(part.queue, one) for part in parts for one in part.foreseen.samples][:5],
            must_type=matched > TYPED_ABOVE,
            before=(before := _span(parts)),
            after=_after(kind, seconds, before, at),
            now=at,
        )
        return page, 400 if fault else 200

    @expose(f"/<any({','.join(KINDS)}):kind>", methods=["POST"])
    @may("operate")
    def perform(self, kind):
        queues = _given_queues()

        def act(actor):
            if not queues:
                raise InvalidRequest("The form lacks its queues. Open the preview again.")
            bounds, plan = _bounds(_window(request.form)), _plan(kind)
            _check_seen(sum(_count(queue, bounds) for queue in queues))
            started = engine().operations.start_together(
                "reschedule",
                states.SCHEDULED,
                dict.fromkeys(queues),
                actor=actor,
                reason=actions.given_reason(),
                rate=given_rate(),
                **bounds,
                **plan,
            )
            is_small = sum(one.matched for one in started) <= AT_ONCE
            return [engine().operations.run_small(one) for one in started] if is_small else started

        return actions.perform("reschedule matching", act, told=_told, back=_where, queues=lambda: queues)


def _queues(wanted) -> tuple[list[str], int]:
    """(queues with scheduled tasks whose name holds `wanted`, those with most first; how many more there are)."""
    counts = snapshot()
    found = [
        (-(one.scheduled or 0), queue)
        for queue, one in (counts.queues.items() if counts else ())
        if one.scheduled != 0 and wanted.lower() in presenters.visible(queue).lower()
    ]
    names = [queue for _, queue in sorted(found)]
    return names[:MAX_QUEUES], len(names[MAX_QUEUES:])


def _parts(queues, window) -> list[Part]:
    most = LOOKED_AT // max(1, len(queues))
    return [Part(queue, reading.foreseen_scheduled(queue, *window, most)) for queue in queues]


def _window(values) -> tuple[float, float]:
    """The moments between which the tasks are due, the later one left out."""
    return _moment(values, "since", -math.inf), _moment(values, "until", math.inf)


def _bounds(window) -> dict:
    """The window as `operations.start` takes it."""
    since, until = window
    return {
        "not_before": since if since > -math.inf else None,
        "not_after": math.nextafter(until, -math.inf) if until < math.inf else None,
    }


def _count(queue, bounds) -> int:
    return engine().operations.count(queue, states.SCHEDULED, verb="reschedule", **bounds)


def _moment(values, name, otherwise):
    moment = values.get(name, default=math.nan, type=float)
    return moment if math.isfinite(moment) else otherwise


def _seconds(kind) -> float | None:
    """By how much or over how long, as the address of the preview says; None while nothing was typed."""
    if kind == "now" or not request.args.get("amount", "").strip():
        return None
    amount, unit = request.args.get("amount", type=float), request.args.get("unit", "60")
    if amount is None or not 0 < amount < math.inf or unit not in dict(UNITS):
        raise InvalidRequest("Type how much as a number above 0, such as 30 or 1.5.")
    seconds = amount * int(unit)
    if seconds > MOST_SECONDS:
        raise InvalidRequest("That is more than ten years.")
    return -seconds if kind == "shift" and request.args.get("direction") == "earlier" else seconds


def _span(parts) -> tuple[float, float] | None:
    """When the first and the last of them is due."""
    moments = [(part.foreseen.first_at, part.foreseen.last_at) for part in parts]
    return (min(first for first, _ in moments), max(last for _, last in moments)) if moments else None


def _after(kind, seconds, before, at) -> tuple[float, float] | None:
    if before is None or (kind != "now" and seconds is None):
        return None
    if kind == "shift":
        return max(before[0] + seconds, at), max(before[1] + seconds, at)
    begin = max(before[0], at)
    return (begin, begin + seconds) if kind == "spread" else (at, at)


def _plan(kind) -> dict:
    """What the preview showed, as `operations.start` takes it."""
    if kind == "now":
        return {"due_at": now()}
    seconds = request.form.get("seconds", type=float)
    if seconds is None or not math.isfinite(seconds):
        raise InvalidRequest("The form lacks by how much. Open the preview again.")
    return {"shift_seconds": seconds} if kind == "shift" else {"spread_seconds": seconds}


def _given_queues() -> list[str]:
    try:
        return list(dict.fromkeys(map(from_segment, request.form.getlist("queue"))))[:MAX_QUEUES]
    except ValueError as error:
        raise InvalidRequest("One of the queues has no readable name. Open the preview again.") from error


def _check_seen(meant):
    """Refuses to touch far more tasks than the preview showed, and many without their number."""
    shown, typed = request.form.get("matched", ""), "".join(request.form.get("typed", "").split())
    if not (shown.isascii() and shown.isdigit()):
        raise InvalidRequest("The form lacks how many tasks were shown. Open the preview again.")
    seen = int(shown[:12])
    # a preview of so few did not ask for their number
    if meant - seen > max(A_FEW, seen // 10) or seen <= TYPED_ABOVE < meant:
        raise InvalidRequest(f"Meanwhile there are {number(meant)}; open the preview again.")
    if seen > TYPED_ABOVE and typed != shown:
        raise InvalidRequest(f"This touches {number(meant)} tasks. Type the number that the preview shows to confirm.")


def _told(operations):
    if not all(operation.ended for operation in operations):
        return f"{plural(len(operations), 'operation is', 'operations are')} running; the sweeper carries them on."
    return f"{plural(sum(one.done for one in operations), 'task')} {DONE_WORDS['reschedule']}."


def _where(operations):
    return url_for("operations.show", operation_id=operations[0].id)
