"""Searches of everything in the background: how far they are, what they have counted, and the tasks that they found."""

from flask import render_template, request, url_for
from flask_admin import expose

from console import actions, filters, presenters, reading, seen, started
from console.auth import may
from console.current import engine, now
from console.forms import given_pace
from console.live import fragment
from console.page import Page
from queue_core import states
from queue_core.errors import InvalidRequest

A_PAGE = 50
NAMES_SHOWN = 8
FAR = 1_000_000


class BackgroundPage(Page):
    in_menu = False

    def __init__(self):
        super().__init__("Searches", endpoint="background", url="/searches")

    @expose("/")
    @may("look")
    def index(self):
        return self.render("background/index.html", searches=engine().background.newest(), now=now())

    @expose("/", methods=["POST"])
    @may("operate")
    def start(self):
        text = request.form.get("q", "").strip()

        def act(actor):
            reason = actions.given_reason()
            search = engine().background.start(text, actor=actor, reason=reason, masked_by=reading.rules())
            engine().audit.record("search", actor=actor, reason=reason, outcome="done", query=search.query)
            return search

        told = "Everything is being searched; the sweeper carries it on."
        return actions.perform("search", act, told=told, back=_its_url, queues=_queues_of(text))

    @expose("/<name:search_id>")
    @may("look")
    def show(self, search_id):
        search, first = engine().background.get(search_id), _first()
        return self.render("background/show.html", **_drawn(search), first=first, **_rows(search, first))

    @expose("/<name:search_id>/progress")
    @may("look")
    def progress(self, search_id):
        return fragment(render_template("background/_progress.html", **_drawn(engine().background.get(search_id))))

    @expose("/<name:search_id>/cancel", methods=["POST"])
    @may("operate")
    def cancel(self, search_id):
        def query():
            return engine().background.get(search_id).query

        def act(actor):
            asked = query()
            engine().background.cancel(search_id)
            engine().audit.record("cancel_search", actor=actor, outcome="done", query=asked)

        told, back = "The search is cancelled. What it found so far is kept for a day.", _url(search_id)
        return actions.perform("cancel_search", act, told=told, back=back, queues=lambda: _queues_of(query()))

    @expose("/<name:search_id>/retry", methods=["POST"])
    @may("operate")
    def retry(self, search_id):
        chosen = engine().background.chosen(search_id, states.ERROR)

        def act(actor):
            if not 0 < len(chosen) <= seen.MAX_QUEUES:
                many = f"1 to {seen.MAX_QUEUES} queues"
                raise InvalidRequest(f"One act takes tasks of {many}; narrow the search by queue.")
            reason, rooms = actions.given_reason(), engine().operations
            begun = rooms.start_together("retry", states.ERROR, chosen, actor=actor, reason=reason, **given_pace())
            return started.run_small(begun)

        return actions.perform(
            "retry found",
            act,
            told=lambda done: started.told("retry", done),
            back=started.first_page,
            queues=list(chosen),
        )


def _drawn(search):
    chosen = filters.Filter.of(search.query)
    counted = [(title, filters.facets(chosen, by, _most(search.findings.counts.get(by, {})))) for title, by in _COUNTED]
    more = {by: max(len(counts) - NAMES_SHOWN, 0) for by, counts in search.findings.counts.items()}
    return {"search": search, "filter": chosen, "counted": counted, "more": more, "now": now()}


_COUNTED = (("States", "state"), ("Queues", "queue"), ("Functions", "func"), ("Exceptions", "exc"))


def _most(counts):
    # names are any bytes, of which an address can only hold what is shown of them
    pairs = [(presenters.visible(name), count) for name, count in counts.items()]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:NAMES_SHOWN]


def _rows(search, first):
    rows = [(found, row and presenters.task_row(row)) for found, row in reading.found(search.id, first, A_PAGE)]
    failed = sum(count for state, count in search.findings.counts.get("state", {}).items() if state == states.ERROR)
    chosen = engine().background.chosen(search.id, states.ERROR) if search.ended and failed else {}
    retried = {"to_retry": sum(map(len, chosen.values())), "of_queues": len(chosen), "most_queues": seen.MAX_QUEUES}
    return {"rows": rows, "page_size": A_PAGE, "failed": failed, **retried}


def _first() -> int:
    return max(0, min(request.args.get("first", default=0, type=int), FAR))


def _queues_of(text) -> list[str] | None:
    """The queues that it names, so that it takes the right on these alone; None: it is about all of them."""
    query = filters.Filter.of(text).query
    return sorted(query.queue_hint() or ()) or None if query else None


def _its_url(search):
    return _url(search.id)


def _url(search_id):
    return url_for("background.show", search_id=search_id)
