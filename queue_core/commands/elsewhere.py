"""The commands that lead tasks elsewhere, as an operation: move into another queue, reschedule to another time."""

import re
import time
from datetime import UTC, datetime

import click

from queue_core import states
from queue_core.commands.shared import (
    Duration,
    Rate,
    actor,
    carry_out,
    line,
    reason_option,
    show_foreseen,
    utc,
    with_engine,
)

_SHIFT = re.compile(r"^([+-]?)(.+)$")


class Shift(click.ParamType):
    """Such as +2h or -30m, as seconds."""

    name = "shift"

    def convert(self, value, parameter, context):
        if isinstance(value, float):
            return value
        sign, duration = _SHIFT.match(value).groups() if value else ("", "")
        seconds = Duration().convert(duration, parameter, context)
        return -seconds if sign == "-" else seconds


class Moment(click.ParamType):
    """Such as 2030-01-31T18:00, in UTC where it names no zone, or now; as Unix seconds."""

    name = "moment"

    def convert(self, value, parameter, context):
        if isinstance(value, float):
            return value
        if value == "now":
            return time.time()
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no moment such as 2030-01-31T18:00 (UTC), and not now.", parameter, context)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _selection(*kinds):
    """The options that say which tasks are meant."""

    def decorate(command):
        for option in (
            click.argument("task_ids", nargs=-1),
            click.option("--queue", required=True, help="Where they are."),
            click.option(
                "--state", type=click.Choice(kinds), default=kinds[0], show_default=True, help="In which state."
            ),
            click.option("--filter", "query", metavar="QUERY", default="", help="Those of them that are meant."),
            click.option("--rate", type=Rate(), default="0", help="Such as 200/s or 30/m; else as fast as it goes."),
            click.option("--dry-run", is_flag=True, help="Only show what would be touched."),
        ):
            command = option(command)
        return command

    return decorate


@click.command()
@_selection(states.ERROR, states.QUEUED, states.SCHEDULED)
@click.option("--to", "to_queue", required=True, help="Where they go.")
@reason_option
@with_engine
def move(engine, queue, state, task_ids, query, dry_run, to_queue, **how):
    """Put tasks into another queue, in the same state and at the same place: those named, those that --filter means,
    or all of the state."""
    _check(task_ids, query)
    if dry_run:
        _show(engine, queue, state, task_ids, query)
        return
    _carry_out(engine, "move", queue, state, task_ids, query, to_queue=to_queue, **how)


@click.command()
@_selection(states.SCHEDULED, states.ERROR)
@click.option("--shift", "shift_seconds", type=Shift(), help="So much later or earlier, such as +2h or -30m.")
@click.option("--at", "due_at", type=Moment(), help="Due then, such as 2030-01-31T18:00 (UTC), or now.")
@click.option("--spread", "spread_seconds", type=Duration(), help="One after the other, evenly over so long.")
@reason_option
@with_engine
def reschedule(engine, queue, state, task_ids, query, dry_run, **how):
    """Let tasks become due at another time: those named, those that --filter means, or all of the state.

    A spread begins with the first of them, or at --at.  What would be due in the past is due now."""
    _check(task_ids, query)
    if dry_run:
        found = _show(engine, queue, state, task_ids, query, verb="reschedule")
        if found and found.first_at is not None and state == states.SCHEDULED:
            click.echo(f"  due        {utc(found.first_at)} to {utc(found.last_at)}")
        return
    _carry_out(engine, "reschedule", queue, state, task_ids, query, **how)


def _check(task_ids, query):
    if task_ids and query:
        raise click.UsageError("Name tasks, or choose them by --filter.")


def _show(engine, queue, state, task_ids, query, verb=""):
    if task_ids:
        click.echo(f"{line(queue)}: {len(task_ids)} tasks are named.  Nothing is changed.")
        return None
    not_after = None if state == states.SCHEDULED else engine.store.now()
    found = engine.operations.foresee(queue, state, query, not_after=not_after, most=None, verb=verb)
    show_foreseen(queue, found)
    return found


def _carry_out(engine, verb, queue, state, task_ids, query, **how):
    chosen = {"task_ids": list(task_ids)} if task_ids else {"query": query}
    carry_out(engine, engine.operations.start(verb, queue, state, actor=actor(), **chosen, **how))
