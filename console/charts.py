"""Numbers over time as drawings of 600 by 100, with the same in words and as a table.  Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from console.presenters import duration, number, run_time

WIDTH, HEIGHT = 600, 100
LEAST_HEIGHT = 2
PERCENTILES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
TABLE_COUNTS = ("started", "succeeded", "retried", "failed")


@dataclass(frozen=True)
class Bar:
    """What one step of time had.  kind: its class."""

    x: float
    y: float
    width: float
    height: float
    kind: str


@dataclass(frozen=True)
class Line:
    """path: broken where nothing is known.  dots: (x, y) of steps that stand alone."""

    kind: str
    path: str
    dots: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Chart:
    """name: for ids.  top: what the upper edge stands for.  words: what is drawn, for who does not see it.

    gaps: (x, width) of what is unknown; legend: (kind, words); is_known: whether there is anything to draw."""

    name: str
    title: str
    top: str
    words: str
    bars: tuple[Bar, ...] = ()
    lines: tuple[Line, ...] = ()
    gaps: tuple[tuple[float, float], ...] = ()
    legend: tuple[tuple[str, str], ...] = ()
    is_known: bool = True


@dataclass(frozen=True)
class Mark:
    """Something that happened: a deploy or an operation."""

    x: float
    at: float
    kind: str
    words: str


@dataclass(frozen=True)
class TableLine:
    """One line of the table: cells in words."""

    at: float
    cells: tuple[str, ...]


TABLE_HEAD = (
    *("Started", "Succeeded", "Retried", "Failed", "Wait p95", "Run p50", "Run p95"),
    *("Ready ≥", "Taken ≥", "Errors", "Queued", "In error"),
)


# -- one chart for each question --


def runs(series) -> Chart:
    slots, step = series.slots, _step(series.span.slot_seconds)
    values = [slot.count("succeeded") for slot in slots]
    top, total = _top(values), series.total("succeeded")
    words = f"{number(total)} runs succeeded; at most {number(top)} in {step}" if total is not None else "unknown"
    legend = (("succeeded", "succeeded"),)
    return _of_bars("runs", "Runs that succeeded", slots, [("succeeded", values)], top, step, words, legend)


def failures(series) -> Chart:
    slots, step = series.slots, _step(series.span.slot_seconds)
    failed, retried = ([slot.count(name) for slot in slots] for name in ("failed", "retried"))
    top = _top([None if one is None else one + other for one, other in zip(failed, retried, strict=True)])
    sums = [series.total(name) for name in ("failed", "retried")]
    words = f"{number(sums[0])} runs failed for good, {number(sums[1])} failed and are retried"
    stacked = [("failed", failed), ("retried", retried)]
    legend = (("failed", "failed for good"), ("retried", "failed, retried later"))
    chart = _of_bars("failures", "Runs that failed", slots, stacked, top, step, words, legend)
    return chart if sums[0] is not None else _unknown(chart)


def waits(series) -> Chart:
    return _of_times("waits", "Wait, from ready to run", series, lambda slot, share: slot.wait(share), series.wait)


def run_times(series) -> Chart:
    return _of_times("times", "Run time", series, lambda slot, share: slot.run(share), series.run)


def depth(series, name: str, title: str, in_words: Callable = number) -> Chart:
    """name: queued, error, oldest_seconds, …"""
    values = [slot.depth(name) for slot in series.slots]
    top = _top(values)
    words = "unknown" if top is None else f"at most {in_words(top)}, now {in_words(_last(values))}"
    edges = _edges(series.slots)
    line = _line(name, edges, values, top)
    return Chart(
        name, title, f"{in_words(top)}", words, lines=(line,), gaps=_gaps(edges, values), is_known=top is not None
    )


def flow(series) -> Chart:
    """Tasks that became ready and were taken, at least, whoever serves the queues."""
    edges, step = _edges(series.slots), _step(series.span.slot_seconds)
    columns = [(name, [slot.seen(name) for slot in series.slots]) for name in ("ready", "taken")]
    top = _top([value for _, values in columns for value in values])
    ready, taken = (series.seen(name) for name, _ in columns)
    words = "unknown" if top is None else f"at least {number(ready)} became ready, at least {number(taken)} were taken"
    return Chart(
        "flow",
        "Became ready, and were taken",
        "" if top is None else f"at least {number(top)} in {step}",
        words,
        lines=tuple(_line(kind, edges, values, top) for kind, values in columns),
        gaps=_gaps(edges, columns[0][1]),
        legend=(("ready", "became ready, at least"), ("taken", "taken, at least")),
        is_known=top is not None,
    )


def errors(series) -> Chart:
    """Tasks that came into error, whoever ran them."""
    slots, step = series.slots, _step(series.span.slot_seconds)
    values = [slot.seen("errors") for slot in slots]
    top, total = _top(values), series.seen("errors")
    words = "unknown" if top is None else f"{number(total)} tasks came into error; at most {number(top)} in {step}"
    return _of_bars("errors", "Came into error", slots, [("failed", values)], top, step, words, ())


def failing_times(series) -> Chart:
    title = "Run time of what came into error"
    return _of_times("failing", title, series, lambda slot, share: slot.failed_run(share), series.failed_run)


def marks(series, deploys: Iterable, operations: Iterable) -> tuple[Mark, ...]:
    """Deploys and operations within the span, the oldest first."""
    first, width = series.slots[0].at, _seconds_of(series.slots)
    found = [(one.at, "deploy", one.text or "a deploy", one.by) for one in deploys]
    found += [
        (one.created_at, "operation", f"{one.verb} in {one.queue or '(no name)'}", one.actor) for one in operations
    ]
    return tuple(
        Mark(round((at - first) / width * WIDTH, 1), at, kind, f"{what}, by {who}")
        for at, kind, what, who in sorted(found)
        if first <= at <= series.read_at
    )


def trend_words(trend, errors: int | None) -> str:
    """How the last hour was, beside the same hour of yesterday, and how many more errors there are than before it."""
    runs = f"{number(trend.runs)} runs ended in the last hour" if trend.runs is not None else "Runs: unknown"
    if trend.runs is not None and trend.runs_before is not None:
        runs += f", {number(trend.runs_before)} in the same hour yesterday"
    if errors is None or trend.errors_before is None:
        return f"{runs}."
    more = errors - trend.errors_before
    change = "as many errors as" if not more else f"{number(abs(more))} {'more' if more > 0 else 'fewer'} errors than"
    return f"{runs}; {change} an hour ago."


def table(series) -> tuple[TableLine, ...]:
    """The same numbers in few lines, the newest first."""
    return tuple(
        TableLine(
            slot.at,
            (
                *(number(slot.count(name)) for name in TABLE_COUNTS),
                *(_length(found) for found in (times.wait(0.95), times.run(0.5), times.run(0.95))),
                *(number(slot.seen(name)) for name in ("ready", "taken", "errors")),
                *(number(slot.depth(name)) for name in ("queued", "error")),
            ),
        )
        for slot, times in reversed(series.lines())
    )


# -- drawing --


def _of_bars(name, title, slots, stacked, top, step, words, legend) -> Chart:
    edges, bars = _edges(slots), []
    for place, (x, width) in enumerate(edges):
        below = 0.0
        for kind, values in stacked:
            if value := values[place]:
                bar, below = _bar(x, width, below, value, top, kind)
                bars.append(bar)
    first = stacked[0][1]
    is_known = any(value is not None for value in first)
    return Chart(name, title, f"{number(top)} in {step}", words, tuple(bars), (), _gaps(edges, first), legend, is_known)


def _of_times(name, title, series, of_slot, of_all) -> Chart:
    edges = _edges(series.times)
    columns = [(kind, [of_slot(slot, share) for slot in series.times]) for kind, share in PERCENTILES]
    top = _top([value for _, values in columns for value in values])
    lines = tuple(_line(kind, edges, values, top) for kind, values in columns)
    words = "unknown" if top is None else ", ".join(f"{kind} {_length(of_all(share))}" for kind, share in PERCENTILES)
    legend = tuple((kind, kind) for kind, _ in PERCENTILES)
    return Chart(name, title, _length(top), words, lines=lines, legend=legend, is_known=top is not None)


def _unknown(chart) -> Chart:
    return Chart(chart.name, chart.title, "", "unknown", is_known=False)


def _bar(x, width, below, value, top, kind):
    """The bar, and the height of all up to it."""
    height = max(LEAST_HEIGHT, HEIGHT * value / top)
    height = min(height, HEIGHT - below)
    gap = min(1.0, width / 5)
    return Bar(round(x, 2), round(HEIGHT - below - height, 2), round(width - gap, 2), round(height, 2), kind), (
        below + height
    )


def _line(kind, edges, values, top) -> Line:
    """The middles of the steps, joined where both are known."""
    parts, dots, last = [], [], None
    points = [
        None if value is None else (round(x + width / 2, 1), round(HEIGHT - (HEIGHT * value / top if top else 0), 1))
        for (x, width), value in zip(edges, values, strict=True)
    ]
    for place, point in enumerate(points):
        if point is not None:
            parts.append(f"{'M' if last is None else 'L'}{point[0]} {point[1]}")
            follows = place + 1 < len(points) and points[place + 1] is not None
            if last is None and not follows:
                dots.append(point)
        last = point
    return Line(kind, "".join(parts), tuple(dots))


def _edges(slots) -> list[tuple[float, float]]:
    """(x, width) of each step."""
    width = WIDTH / max(len(slots), 1)
    return [(place * width, width) for place in range(len(slots))]


def _gaps(edges, values) -> tuple[tuple[float, float], ...]:
    gaps: list[list[float]] = []
    for (x, width), value in zip(edges, values, strict=True):
        if value is None and gaps and abs(gaps[-1][0] + gaps[-1][1] - x) < 0.01:
            gaps[-1][1] += width
        elif value is None:
            gaps.append([x, width])
    return tuple((round(x, 2), round(width, 2)) for x, width in gaps)


def _seconds_of(slots) -> float:
    return slots[-1].at + slots[-1].seconds - slots[0].at


def _top(values):
    return max((value for value in values if value is not None), default=None)


def _last(values):
    return next((value for value in reversed(values) if value is not None), None)


def _length(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    return run_time(seconds) if seconds < 60 else duration(seconds)


def _step(seconds: int) -> str:
    return {60: "a minute", 3600: "an hour", 86_400: "a day"}.get(seconds, duration(seconds))
