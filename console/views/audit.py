"""The audit trail: who did what, when, why, and what was refused."""

from flask import request
from flask_admin import expose

from console import paging, trail
from console.auth import may
from console.converters import from_segment
from console.current import engine, now, settings
from console.page import Page
from queue_core.errors import InvalidRequest


class AuditPage(Page):
    icon = "audit"

    def __init__(self):
        super().__init__("Audit", endpoint="audit", url="/audit")

    @expose("/")
    @may("look")
    def index(self):
        wanted = {name: request.args.get(name, "").strip() for name in ("verb", "actor", "queue")}
        page = engine().audit.page(
            cursor=paging.cursor(),
            limit=settings().page_size,
            verb=trail.verb(wanted["verb"]) or None,
            actor=wanted["actor"] or None,
            queue=_name(wanted["queue"]),
        )
        pager = paging.onward(page.next_cursor, len(page.entries))
        return self.render("audit/index.html", entries=page.entries, pager=pager, wanted=wanted, now=now())


def _name(segment):
    try:
        return from_segment(segment) if segment else None
    except ValueError as error:
        raise InvalidRequest("That is not a queue name: a ~ must be followed by two hexadecimal digits.") from error
