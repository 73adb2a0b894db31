"""Numbers over time: of all queues, of one queue, of one function."""

from flask import request, url_for
from flask_admin import expose

from console import charts, reading
from console.auth import may
from console.current import engine, known
from console.page import Page
from console.presenters import duration, number

DEFAULT_RANGE = "24h"
MAX_NAMES = 200
NEWEST_OPERATIONS = 50


class NumbersPage(Page):
    icon = "numbers"

    def __init__(self):
        super().__init__("Numbers", endpoint="numbers", url="/numbers")

    @expose("/")
    @may("look")
    def index(self):
        functions = _names("function")
        return _page(self, "all", "", functions=functions[:MAX_NAMES], left_out=max(0, len(functions) - MAX_NAMES))

    @expose("/queues/<name:queue>")
    @may("look")
    def queue(self, queue):
        return _page(self, "queue", queue)

    @expose("/functions/<name:function>")
    @may("look")
    def function(self, function):
        return _page(self, "function", function)


def _page(page, kind, name, **more):
    stats = engine().stats
    chosen = request.args.get("range", DEFAULT_RANGE)
    span = stats.spans.get(chosen) or stats.spans[DEFAULT_RANGE]
    series = stats.series(kind, name, span)
    deploys, operations = reading.deploys(), _operations(kind, name)
    return page.render(
        "numbers/show.html",
        kind=kind,
        name=name,
        series=series,
        counted=list(_counted(series)),
        seen=list(_seen(series)),
        marks=charts.marks(series, deploys, operations),
        table_head=charts.TABLE_HEAD,
        lines=charts.table(series),
        ranges=[(one.name, one.words, _address(one)) for one in stats.spans.values()],
        is_counted=series.total("started") is not None,
        **more,
    )


def _address(span):
    return url_for(request.endpoint, **request.view_args, range=span.name)


def _counted(series):
    yield charts.runs(series)
    yield charts.failures(series)
    yield charts.waits(series)
    yield charts.run_times(series)


def _seen(series):
    if series.kind != "function":
        yield charts.flow(series)
        yield charts.errors(series)
        yield charts.failing_times(series)
        yield charts.depth(series, "queued", "Queued")
        yield charts.depth(series, "oldest_seconds", "Oldest in queued", _age)
        yield charts.depth(series, "error", "In error")


def _age(seconds) -> str:
    return number(None) if seconds is None else duration(seconds)


def _operations(kind, name):
    if kind == "function":
        return []
    return [one for one in reading.newest_operations(NEWEST_OPERATIONS) if kind == "all" or one.queue == name]


def _names(kind):
    return known(lambda: engine().stats.names(kind)) or []
