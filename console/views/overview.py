"""The overview: is anything wrong, where, since when."""

from flask import render_template, request
from flask_admin import expose

from console import attention, causes, charts, counts, current, paces, reading, tree
from console.auth import may
from console.live import fragment
from console.page import Page

MAX_CAUSES = 5
NEWEST = 50


class OverviewPage(Page):
    icon = "overview"

    def __init__(self):
        super().__init__("Overview", endpoint="overview", url="/")

    @expose("/")
    @may("look")
    def index(self):
        facts = _facts() | {"checkup": current.engine().checkups.newest()}
        return self.render("overview/index.html", **facts, **(_numbers(facts["total"]) if "total" in facts else {}))

    @expose("/live")
    @may("look")
    def live(self):
        return fragment(render_template("overview/_live.html", **_facts()))

    @expose("/status")
    @may("look")
    def status(self):
        """The bar on top of every page, and with it the number of errors in the menu."""
        return fragment(render_template("_status.html") + render_template("_error_count.html", renewed=True))


def _facts():
    wanted = request.args.get("q", "").strip()
    now, snapshot = current.now(), current.snapshot()
    facts = {"now": now, "snapshot": snapshot, "wanted": wanted, "workers": _workers_alive()}
    if snapshot is None:
        return facts
    opened, shut = request.args.getlist("open"), request.args.getlist("shut")
    return facts | {
        "tree": tree.grow(snapshot, now, wanted=wanted, opened=opened, shut=shut),
        "total": counts.summed(snapshot.queues.values(), now),
        "attention": attention.wanted(snapshot, now),
        "causes": _causes(now),
        "throughput": paces.throughput(current.recent()),
    }


def _numbers(total):
    """What the page shows of the last day; not asked for again with each new count."""
    engine = current.engine()
    series = engine.stats.series("all", with_times=False)
    errors = None if "error" in total.unknown else total.error
    return {
        "series": series,
        "drawn": _drawn(series),
        "marks": charts.marks(series, reading.deploys(), reading.newest_operations(NEWEST)),
        "trend": charts.trend_words(engine.stats.trend(), errors),
    }


def _drawn(series):
    """What workers counted; where they count nothing, or little of it, what the queues showed."""
    started = series.total("started")
    if started is None:
        return [charts.flow(series), charts.errors(series)]
    shown = [charts.runs(series), charts.failures(series)]
    return [charts.flow(series), *shown] if (series.seen("taken") or 0) > paces.MANY_MORE * started else shown


def _causes(now):
    found = causes.rows(reading.error_summary(), reading.error_notes(), reading.deploys(), now)
    return causes.pressing(found)[:MAX_CAUSES]


def _workers_alive() -> int | None:
    alive = reading.workers()
    return None if alive is None else sum(worker.facts.get("kind") == "worker" for worker in alive)
