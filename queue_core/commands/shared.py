"""What several commands share: durations and rates, the engine that they act on, and what they print."""

import contextlib
import functools
import getpass
import os
import re
import time

import click

from queue_core.acts import Actor
from queue_core.engine import Engine
from queue_core.text import shown

_DURATION = re.compile(r"^(\d+(?:\.\d+)?)([smhd])$")
_RATE = re.compile(r"^(\d+(?:\.\d+)?)(?:/([smh]))?$")
_SHOWN_SHARES = 10
_LOOK_AGAIN_SECONDS = 0.1
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Duration(click.ParamType):
    """Such as 90s, 15m, 2h or 7d, as seconds."""

    name = "duration"

    def convert(self, value, parameter, context):
        if isinstance(value, float):
            return value
        found = _DURATION.match(value) if isinstance(value, str) else None
        if not found:
            self.fail(f"{value!r} is not a duration such as 90s, 15m, 2h or 7d.", parameter, context)
        return float(found[1]) * _SECONDS[found[2]]


class Rate(click.ParamType):
    """Such as 200/s, 30/m or 5, as tasks a second."""

    name = "rate"

    def convert(self, value, parameter, context):
        if isinstance(value, float):
            return value
        found = _RATE.match(value)
        if not found:
            self.fail(f"{value!r} is not a rate such as 200/s, 30/m or 5.", parameter, context)
        return float(found[1]) / _SECONDS[found[2] or "s"]


def with_engine(command):
    """Gives the command an engine on the Redis that --redis-url names."""

    @click.option("--redis-url", metavar="URL", help="Where Redis is.")
    @functools.wraps(command)
    def wrapped(redis_url, **options):
        with contextlib.closing(Engine(redis_url)) as engine:
            return command(engine, **options)

    return wrapped


def actor() -> Actor:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in some containers
        name = f"uid {os.getuid()}"
    return Actor(name, "command line")


reason_option = click.option("--reason", default="", help="Why; it stands in the audit trail.")


def line(text: str) -> str:
    """Text from Redis, as it may stand on a terminal: no control characters."""
    return "".join(letter if letter.isprintable() else "?" for letter in shown(text))


def utc(at) -> str:
    """A moment, as it may stand on a terminal; "unknown" for what no calendar knows."""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(at))
    except (OverflowError, ValueError, OSError):
        return "unknown"


def show_impact(impact) -> None:
    click.echo(f"{impact.matched} tasks.  Nothing is changed.")
    if impact.looked_at < impact.matched:
        click.echo(f"Functions and exceptions of {impact.looked_at} that lie evenly over them; the ages are of all.")
    ages = [(f"up to {seconds // 3600} h old" if seconds else "older", count) for seconds, count in impact.ages]
    for title, pairs in (("function", impact.functions), ("exception", impact.exceptions), ("age", ages)):
        for name, count in pairs[:_SHOWN_SHARES]:
            if count:
                click.echo(f"  {title:<9}  {count:>9}  {line(name or 'unknown')}")
    for row in impact.samples:
        click.echo(f"  sample     {line(row.id)}  {line(row.func or row.problem or '?')}{failure(row)}")


def show_foreseen(queue, found) -> None:
    """What a query means in one queue, told from all of its tasks."""
    click.echo(f"{line(queue)}: {found.matched} of {found.looked_at} tasks match.  Nothing is changed.")
    for title, counts in (("function", found.functions), ("exception", found.exceptions)):
        for name, count in counts.most_common(_SHOWN_SHARES):
            click.echo(f"  {title:<9}  {count:>9}  {line(name or 'unknown')}")
    for task_id in found.samples:
        click.echo(f"  sample     {line(task_id)}")


def failure(row) -> str:
    return f"  {line(row.failure.exception_name)}: {line(row.failure.message)[:80]}" if row.failure else ""


def carry_out(engine, operation):
    """Runs an operation to its end, with a progress bar; gives it as it is then.

    When this process dies, a sweeper goes on with it."""
    with click.progressbar(length=operation.matched, label=f"{operation.verb} {line(operation.queue)}") as bar:
        seen = 0
        while not operation.ended and not operation.paused:
            operation = engine.operations.step(operation.id)
            if operation.met == seen and not operation.ended:
                time.sleep(_LOOK_AGAIN_SECONDS)  # a sweeper is at it, or its rate allows no more
            bar.update(operation.met - seen)
            seen = operation.met
    if operation.paused:
        click.echo(f"The operation is paused: {line(operation.paused_because)}.  It goes on once it is resumed.")
    click.echo(
        f"{operation.done} done, {operation.skipped} skipped ({operation.gone} gone meanwhile, "
        f"{operation.stayed} still there), of {operation.matched}"
        + (f" looked at; {operation.passed_by} did not match." if operation.query else ".")
    )
    return operation
