"""Another time for all scheduled tasks of a filter: first what that would touch, then one operation for each queue."""

import math

from flask import redirect, request, url_for
from flask_admin import expose

from console import actions, another_time, presenters, reading, seen, started
from console.another_time import KINDS, AnotherTime
from console.auth import may
from console.current import engine, now, snapshot
from console.forms import given_rate
from console.page import Page
from console.preview import LOOKED_AT, Part, Preview
from queue_core import states
from queue_core.errors import InvalidRequest


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
        fault, time = "", AnotherTime(kind)
        try:
            time = another_time.read(kind, request.args)
        except InvalidRequest as error:
            fault = str(error)
        preview = _preview(wanted, window)
        page = self.render(
            "scheduled/reschedule.html",
            kind=kind,
            titles=KINDS,
            units=another_time.UNITS,
            fault=fault,
            new_time=time,
            wanted=wanted,
            window=window,
            preview=preview,
            most_queues=seen.MAX_QUEUES,
            is_counted=snapshot() is not None,
            must_type=preview.about > seen.TYPED_ABOVE,
            after=time.span(preview.span, at),
            now=at,
        )
        return page, 400 if fault else 200

    @expose(f"/<any({','.join(KINDS)}):kind>", methods=["POST"])
    @may("operate")
    def perform(self, kind):
        queues = seen.queues()

        def act(actor):
            if not queues:
                raise InvalidRequest("The form lacks its queues. Open the preview again.")
            bounds, plan = _bounds(_window(request.form)), another_time.read(kind, request.form).plan(now())
            seen.confirm_still(sum(_count(queue, bounds) for queue in queues))
            operations = engine().operations.start_together(
                "reschedule",
                states.SCHEDULED,
                dict.fromkeys(queues),
                actor=actor,
                reason=actions.given_reason(),
                rate=given_rate(),
                **bounds,
                **plan,
            )
            return started.run_if_few(operations)

        return actions.perform(
            "reschedule matching",
            act,
            told=lambda done: started.told("reschedule", done),
            back=started.first_page,
            queues=lambda: queues,
        )


def _preview(wanted, window) -> Preview:
    queues, left = _queues(wanted)
    most = LOOKED_AT // max(1, len(queues))
    parts = [Part(queue, reading.foreseen_scheduled(queue, *window, most)) for queue in queues]
    return Preview([part for part in parts if part.foreseen.matched], left)


def _queues(wanted) -> tuple[list[str], int]:
    """(queues with scheduled tasks whose name holds `wanted`, those with most first; how many more there are)."""
    counts = snapshot()
    found = [
        (-(one.scheduled or 0), queue)
        for queue, one in (counts.queues.items() if counts else ())
        if one.scheduled != 0 and wanted.lower() in presenters.visible(queue).lower()
    ]
    names = [queue for _, queue in sorted(found)]
    return names[: seen.MAX_QUEUES], len(names[seen.MAX_QUEUES :])


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
