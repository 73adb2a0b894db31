"""Recurring work: when it ran, how that went, when it runs next."""

from flask_admin import expose

from console import reading, recurring_list
from console.auth import may
from console.current import engine, now
from console.page import Page

MAX_SHOWN = 200


class PeriodicPage(Page):
    icon = "periodic"

    def __init__(self):
        super().__init__("Periodic", endpoint="periodic", url="/periodic")

    @expose("/")
    @may("look")
    def index(self):
        alive = reading.workers()
        found = recurring_list.works(alive or ())
        asked = [(work.func, work.queue, work.id) for work in found[:MAX_SHOWN]]
        rows = recurring_list.rows(found, engine().periodic.occurrences(asked), now())
        return self.render("periodic/index.html", rows=rows, known=len(found), is_known=alive is not None, now=now())
