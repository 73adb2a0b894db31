"""The command that shows numbers over time: stats."""

import json
import time

import click

from queue_core.commands.shared import line, with_engine
from queue_core.tally import ALL, FUNCTION, QUEUE
from queue_core.text import shown
from queue_core.tiers import SPANS

COUNTED = ("started", "succeeded", "retried", "failed")
SEEN = ("queued", "error")
FLOW = (("ready", "ready>="), ("taken", "taken>="), ("errors", "errors"))
SHARES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
_HEAD = ("from (UTC)", *COUNTED, "wait p95", "run p50", "run p95", *(word for _, word in FLOW), *SEEN)
_FORMS = {"1h": "%H:%M", "24h": "%H:%M", "7d": "%m-%d %H:%M", "90d": "%Y-%m-%d"}


@click.command()
@click.argument("queue", required=False)
@click.option("--function", metavar="NAME", help="Of one function in place of a queue.")
@click.option("--range", "span", type=click.Choice(list(SPANS)), default="24h", show_default=True, help="How far back.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, with every step of time.")
@with_engine
def stats(engine, queue, function, span, as_json):
    """Show what ran, how long it waited and ran, and what lay in the queues, over time.

    Only workers of Signalbox report their runs.  What TaskTiger's workers did is told by what lay in the queues: at
    least so many tasks became ready and were taken, and so many came into error."""
    if queue is not None and function is not None:
        raise click.UsageError("Give a queue or --function, not both.")
    kind, name = (FUNCTION, function) if function is not None else (ALL, "") if queue is None else (QUEUE, queue)
    series = engine.stats.series(kind, name, SPANS[span])
    if as_json:
        click.echo(json.dumps(_as_object(series)))
        return
    _show(series)


def _show(series):
    whom = {ALL: "all queues", QUEUE: f"queue {line(series.name)}", FUNCTION: f"function {line(series.name)}"}
    click.echo(f"{whom[series.kind]}, the last {series.span.words}")
    if series.total("started") is None:
        click.echo("No worker of Signalbox has reported a run in this time.  Runs of TaskTiger workers are unknown.")
    form = _FORMS[series.span.name]
    rows = [(time.strftime(form, time.gmtime(slot.at)), *_cells(slot, times)) for slot, times in series.lines()]
    widths = [max(map(len, column)) for column in zip(_HEAD, *rows, strict=True)]
    for row in (_HEAD, *rows):
        click.echo("  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)))
    click.echo(
        "The last line is not over yet.  queued and error: the highest seen.  ready, taken: at least, of all workers."
        "  errors: what came into error.  ?: unknown.",
        err=True,
    )


def _cells(slot, times):
    yield from (_number(slot.count(name)) for name in COUNTED)
    yield from (_seconds(found) for found in (times.wait(0.95), times.run(0.5), times.run(0.95)))
    yield from (_number(slot.seen(name)) for name, _ in FLOW)
    yield from (_number(slot.depth(name)) for name in SEEN)


def _number(value) -> str:
    return "?" if value is None else str(value)


def _seconds(value) -> str:
    if value is None:
        return "-"
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s" if value < 100 else f"{value:.0f} s"


def _as_object(series):
    return {
        "kind": series.kind,
        "name": shown(series.name),
        "range": series.span.name,
        "read_at": series.read_at,
        "slots": [
            {"at": slot.at, "seconds": slot.seconds, "counts": slot.counts, "depths": slot.depths, "flow": slot.flow}
            for slot in series.slots
        ],
        "times": [
            {
                "at": slot.at,
                "seconds": slot.seconds,
                "wait_seconds": {name: slot.wait(share) for name, share in SHARES},
                "run_seconds": {name: slot.run(share) for name, share in SHARES},
                "failed_run_seconds": {name: slot.failed_run(share) for name, share in SHARES},
            }
            for slot in series.times
        ],
    }
