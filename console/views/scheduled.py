"""What is due when, over all queues: a timeline, and the list behind it."""

import math
from itertools import islice

from flask import request, url_for
from flask_admin import expose

from console import actions, elsewhere, paging, presenters, reading, selection, timeline
from console.another_time import KINDS
from console.auth import may
from console.current import engine, now, settings, snapshot
from console.page import Page
from queue_core import states

MAX_LISTED_QUEUES = 200
MAX_COUNTED_QUEUES = 40
OVERDUE_SECONDS = 15


class ScheduledPage(Page):
    icon = "scheduled"

    def __init__(self):
        super().__init__("Scheduled", endpoint="scheduled", url="/scheduled")

    @expose("/")
    @may("look")
    def index(self):
        counted, at = snapshot(), now()
        if counted is None:
            return self.render("scheduled/index.html", counted=False, now=at)
        wanted, window = request.args.get("q", "").strip(), _window()
        queues = _queues(counted, wanted)
        since, until = _moment("since", -math.inf), _moment("until", math.inf)
        names = [queue for queue, _ in islice(queues, MAX_LISTED_QUEUES)]
        found = engine().timetable.due(
            names, since=since, until=until, cursor=paging.cursor(), limit=settings().page_size
        )
        return self.render(
            "scheduled/index.html",
            counted=True,
            wanted=wanted,
            window=window,
            windows=timeline.WINDOWS,
            bars=_bars(queues, at, window, (since, until)),
            numbers=_numbers(queues, at),
            rows=[presenters.task_row(row) for row in reading.scheduled(found.places)],
            pager=paging.onward(found.next_cursor, len(found.places)),
            since=since,
            until=until,
            queues=len(queues),
            max_listed=MAX_LISTED_QUEUES,
            max_counted=MAX_COUNTED_QUEUES,
            now=at,
        )

    @expose(f"/selected/<any({','.join(KINDS)}):kind>", methods=["POST"])
    @may("operate")
    def reschedule_selected(self, kind):
        back = actions.came_from(url_for(".index"))
        return elsewhere.reschedule(self, kind, selection.ticked_by_queue(states.SCHEDULED), back=back)


def _queues(counted, wanted):
    """The queues with scheduled tasks whose name holds `wanted`, and their counts; the next due first."""
    found = [
        (queue, one)
        for queue, one in counted.queues.items()
        if one.scheduled != 0 and wanted.lower() in presenters.visible(queue).lower()
    ]
    return sorted(found, key=lambda each: (each[1].next_due_at is None, each[1].next_due_at or 0, each[0]))


def _bars(queues, at, window, chosen):
    """Of the queues with the most scheduled tasks."""
    largest = sorted(queues, key=lambda each: -(each[1].scheduled or 0))[:MAX_COUNTED_QUEUES]
    edges = timeline.edges(at, window)
    counts = engine().timetable.histogram([queue for queue, _ in largest], edges) if largest else [0] * timeline.BARS
    return timeline.drawn(edges, counts, chosen)


def _numbers(queues, at):
    known = [one.scheduled for _, one in queues if one.scheduled is not None]
    moments = [one.next_due_at for _, one in queues if one.next_due_at is not None]
    late = [moment for moment in moments if at - moment > OVERDUE_SECONDS]
    return {
        "scheduled": sum(known),
        "whole": len(known) == len(queues),
        "next_due_at": min(moments, default=None),
        "late_queues": len(late),
        "late_since": min(late, default=None),
    }


def _window():
    window = request.args.get("window", timeline.USUAL)
    return window if window in timeline.WINDOWS else timeline.USUAL


def _moment(name, otherwise):
    moment = request.args.get(name, default=math.nan, type=float)
    return moment if math.isfinite(moment) else otherwise
