"""The audit trail: who did what, when, why, and what was refused."""

import itertools

from flask import Response, request
from flask_admin import expose

from console import export, paging, trail
from console.auth import may
from console.converters import from_segment
from console.current import engine, now, settings
from console.page import Page
from console.presenters import due_at
from queue_core.errors import InvalidRequest

FILTERS = ("verb", "actor", "queue", "door", "outcome", "since", "until", "operation")
DOORS = ("web", "command line", "api", "sweeper", "operation")
OUTCOMES = ("done", "refused", "failed")


class AuditPage(Page):
    icon = "audit"

    def __init__(self):
        super().__init__("Audit", endpoint="audit", url="/audit")

    @expose("/")
    @may("look")
    def index(self):
        wanted = _typed()
        page = engine().audit.page(cursor=paging.cursor(), limit=settings().page_size, **_wanted(wanted))
        pager = paging.onward(page.next_cursor, len(page.entries))
        filters = {name: value for name, value in wanted.items() if value}
        return self.render(
            "audit/index.html",
            entries=page.entries,
            pager=pager,
            wanted=wanted,
            filters=filters,
            operation_id=_name(wanted["operation"]),
            doors=DOORS,
            outcomes=OUTCOMES,
            now=now(),
        )

    @expose("/export.csv")
    @may("look")
    def export_csv(self):
        return _file(export.csv_lines, "text/csv; charset=utf-8", "audit.csv")

    @expose("/export.jsonl")
    @may("look")
    def export_json_lines(self):
        return _file(export.json_lines, "application/jsonl", "audit.jsonl")


def _file(lines, media_type, name):
    """The entries that the filters let through, as a file that is sent while it is read."""
    entries = engine().audit.walk(**_wanted(_typed()))
    # the first is read here: when Redis is away the answer says so, and is not an empty file
    first = list(itertools.islice(entries, 1))
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Accel-Buffering": "no"}
    return Response(lines(itertools.chain(first, entries)), content_type=media_type, headers=headers)


def _typed():
    return {name: request.args.get(name, "").strip() for name in FILTERS}


def _wanted(typed):
    return {
        "verb": trail.verb(typed["verb"]) or None,
        "actor": typed["actor"] or None,
        "door": typed["door"] or None,
        "outcome": typed["outcome"] or None,
        "queue": _name(typed["queue"]),
        "operation_id": _name(typed["operation"]),
        "since_at": _moment(typed["since"]),
        "until_at": _moment(typed["until"]),
    }


def _moment(text):
    if not text:
        return None
    moment = due_at(text)
    if moment is None:
        raise InvalidRequest("Give the moment as a date and a time in UTC, such as 2030-01-31T18:00.")
    return moment


def _name(segment):
    try:
        return from_segment(segment) if segment else None
    except ValueError as error:
        raise InvalidRequest("That is not a name: a ~ must be followed by two hexadecimal digits.") from error
