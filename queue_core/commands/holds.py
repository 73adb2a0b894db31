"""The commands of holds: hold, release and holds."""

import datetime

import click

from queue_core.commands.shared import Duration, actor, line, reason_option, with_engine
from queue_core.hold import GROUP


@click.command()
@click.argument("function", required=False, default="")
@click.option("--group", "group_id", default="", help="Hold what failed in the way of this error group instead.")
@click.option("--queue", help="Only in this queue; else in all.")
@click.option("--reason", required=True, help="Why; the next person on call will ask.")
@click.option("--for", "seconds", type=Duration(), help="Such as 15m or 2h; else until released.")
@with_engine
def hold(engine, function, group_id, queue, reason, seconds):
    """Let the tasks of a function, named as on the wire (module:name), wait aside and run later."""
    if bool(function) == bool(group_id):
        raise click.UsageError("Name a function, or an error group with --group.")
    options = {"queue": queue, "actor": actor(), "reason": reason}
    options["until"] = engine.store.now() + seconds if seconds else None
    if group_id:
        held = engine.holds.hold_group(engine.error_groups.get(group_id), **options)
    else:
        held = engine.holds.hold_function(function, **options)
    click.echo(
        f"{_named(held)} is held (id {held.id}).  What runs now is finished; TaskTiger workers do not know of it."
    )


@click.command()
@click.argument("name")
@click.option("--queue", help="The queue that the hold is for, when a function is named and not an id.")
@reason_option
@with_engine
def release(engine, name, queue, reason):
    """End a hold, named by its id, its function or its error group; its tasks go back to their places."""
    ended = engine.holds.release(engine.holds.find(name, queue).id, actor=actor(), reason=reason)
    click.echo(f"{_named(ended)} is released.  A sweeper, an observer or a worker puts its tasks back.")


@click.command()
@with_engine
def holds(engine):
    """List what is held, by whom and why."""
    standing, counts, waiting = engine.holds.all(), engine.holds.counts(), engine.holds.waiting()
    for one in standing:
        until = "until released" if one.until_at is None else f"until {_moment(one.until_at)}"
        click.echo(f"{one.id}  {_named(one)}  {until}  by {line(one.by)}: {line(one.reason)}")
        click.echo(f"{'':16}  {counts.get(one.id, 0)} set aside so far")
    if not standing:
        click.echo("Nothing is held.")
    if waiting is not None and waiting.total:
        click.echo(f"{waiting.total} tasks wait aside, as of {_moment(waiting.taken_at)}:")
        for queue, count in waiting.queues:
            click.echo(f"  {count:>9}  {line(queue)}")


def _named(hold) -> str:
    what = f"error group {line(hold.name)} ({line(hold.title)})" if hold.kind == GROUP else line(hold.name)
    return what if hold.queue is None else f"{what} in {line(hold.queue)}"


def _moment(at) -> str:
    return f"{datetime.datetime.fromtimestamp(at, datetime.UTC):%Y-%m-%d %H:%M:%S} UTC"
