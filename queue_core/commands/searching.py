"""The command `search`: what matches a query, among the newest tasks or among all."""

import click

from queue_core.background import look_on
from queue_core.background_search import BY, Findings
from queue_core.commands.shared import failure, line, with_engine

_SHOWN = 10
_TITLES = {"state": "state", "queue": "queue", "func": "function", "exc": "exception"}


@click.command()
@click.argument("query")
@click.option(
    "--all", "everything", is_flag=True, help="Look at all tasks, with a progress bar, and count what matches."
)
@click.option("--limit", type=click.IntRange(0, 10_000), default=20, show_default=True, help="Show at most so many.")
@with_engine
def search(engine, query, everything, limit):
    """Search the tasks of all queues and states: the newest for a moment, or with --all every one of them."""
    asked, places = engine.search.query(query), engine.search.places_of(engine.snapshot.count().queues)
    if everything:
        findings, rows = _all(engine, asked, places, limit)
    else:
        found = engine.search.scan(asked, places, limit=min(max(limit, 1), 200))
        findings, rows = Findings().with_page(found, ()), found.rows[:limit]
    for first in range(0, len(rows), 200):
        some = rows[first : first + 200]
        for row in engine.browse.rows([(one.queue, one.state, one.id, one.at) for one in some]):
            what = line(row.func or row.problem or "?")
            click.echo(f"{line(row.id)}  {row.state} in {line(row.queue)}  {what}{failure(row)}")
    _tell(findings, everything)


def _all(engine, asked, places, limit):
    findings, rows, now = Findings(), [], engine.store.now()
    with click.progressbar(length=sum(one.count or 0 for one in places) or 1, label="search") as bar:
        while True:
            before = findings.looked_at
            findings, more = look_on(engine.search.scan, engine.store, asked, places, findings, asked_at=now)
            rows += more[: max(0, limit - len(rows))]
            bar.update(findings.looked_at - before)
            if findings.cursor is None:
                return findings, rows


def _tell(findings, everything):
    for by in BY if everything else ():
        counts = sorted(findings.counts.get(by, {}).items(), key=lambda pair: (-pair[1], pair[0]))
        for name, count in counts[:_SHOWN]:
            click.echo(f"  {_TITLES[by]:<9}  {count:>9}  {line(name) or 'none, or others'}")
    total = "an unknown number" if findings.total is None else findings.total
    untold = f"; of {findings.unknown} it cannot be told" if findings.unknown else ""
    more = "" if everything or findings.cursor is None else "; --all looks at all of them"
    click.echo(f"{findings.matched} found among {findings.looked_at} of {total}{untold}{more}", err=True)
