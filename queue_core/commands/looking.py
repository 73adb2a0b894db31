"""The commands that look and change nothing: queues, tasks and doctor."""

import json
import sys

import click

from queue_core import states
from queue_core.checkups import ADVICE, FINE, TROUBLE
from queue_core.commands.shared import failure, line, with_engine
from queue_core.text import shown


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@with_engine
def queues(engine, as_json):
    """List the queues with their tasks by state."""
    counted = engine.snapshot.count().queues
    if as_json:
        counts = {shown(name): {state: getattr(one, state) for state in states.ALL} for name, one in counted.items()}
        click.echo(json.dumps(counts))
        return
    if not counted:
        click.echo("There are no tasks in any queue.")
        return
    width = max(len("queue"), *(len(shown(name)) for name in counted))
    click.echo("  ".join([f"{'queue':<{width}}", *(f"{state:>9}" for state in states.ALL)]))
    for name, one in counted.items():
        numbers = ["unknown" if (count := getattr(one, state)) is None else str(count) for state in states.ALL]
        note = "  paused" if one.paused_until else ""
        click.echo("  ".join([f"{line(name):<{width}}", *(f"{number:>9}" for number in numbers)]) + note)


@click.command()
@click.argument("queue", required=False)
@click.argument("state", type=click.Choice(states.ALL), required=False)
@click.option("--filter", "asked", metavar="QUERY", help="Those that a query finds, of all queues if none is named.")
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True, help="At most so many.")
@with_engine
def tasks(engine, queue, state, asked, limit):
    """List tasks of a queue in a state: the newest errors, or the next to run.  With --filter: what a query finds."""
    if asked is not None:
        _list_found(engine, _asked_in(engine.search, asked, queue, state), limit)
        return
    if state is None:
        raise click.UsageError("Name a queue and a state, or give a --filter.")
    page = engine.browse.page(queue, state, limit=limit)
    for row in page.rows:
        click.echo(f"{line(row.id)}  {line(row.func or row.problem or '?')}{failure(row)}")
    click.echo(f"{len(page.rows)} of {page.total}", err=True)


def _asked_in(search, asked, queue, state):
    named = [("queue", queue), ("state", state)]
    terms = [f"{name}:{search.quoted(value)}" for name, value in named if value is not None]
    return search.query(asked).also(search.query(" ".join(terms)))


def _list_found(engine, query, limit):
    places, cursor, count, unknown = engine.search.places_of(engine.snapshot.count().queues), None, 0, 0
    while count < limit:
        found = engine.search.scan(query, places, cursor=cursor, limit=limit - count)
        rows = engine.browse.rows([(one.queue, one.state, one.id, one.at) for one in found.rows])
        for row in rows:
            what = line(row.func or row.problem or "?")
            click.echo(f"{line(row.id)}  {row.state} in {line(row.queue)}  {what}{failure(row)}")
        count, unknown, cursor = count + len(rows), unknown + found.unknown, found.cursor
        if cursor is None:
            break
    more = "" if cursor is None else ", and there may be more"
    untold = f"; of {unknown} it cannot be told" if unknown else ""
    click.echo(f"{count} found among {found.looked_at}{more}{untold}", err=True)


@click.command()
@with_engine
def doctor(engine):
    """Look for what would lose tasks or surprise somebody.  Exit status 1 when there is trouble."""
    findings = [finding for finding in engine.examine() if finding is not None]
    marks = {FINE: "  ok     ", ADVICE: "  advice ", TROUBLE: "  TROUBLE"}
    for finding in findings:
        click.echo(f"{marks[finding.level]} {finding.what}")
        if finding.advice:
            click.echo(f"          {finding.advice}")
    sys.exit(any(finding.level == TROUBLE for finding in findings))
