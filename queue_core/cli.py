"""The command `signalbox`: processes, and an operator's acts from the command line."""

import contextlib
import functools
import getpass
import importlib.util
import json
import os
import re
import sys
import time
from datetime import timedelta
from importlib.metadata import entry_points

import click

from queue_core import embedded, states
from queue_core.acts import Actor
from queue_core.doctor import ADVICE, FINE, TROUBLE, examine
from queue_core.engine import Engine
from queue_core.errors import SignalboxError
from queue_core.process import logs
from queue_core.sweeper import Sweeper
from queue_core.text import shown
from queue_core.worker.loop import EXECUTORS, Worker

LOCAL_DATA = ".signalbox/redis"
"""Where `signalbox up` keeps its Redis; commands started beside it find it there when no address is given."""

_DURATION = re.compile(r"^(\d+(?:\.\d+)?)([smhd])$")
_LOOK_AGAIN_SECONDS = 0.1
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Duration(click.ParamType):
    """Such as 90s, 15m, 2h or 7d, as seconds."""

    name = "duration"

    def convert(self, value, parameter, context):
        found = _DURATION.match(value) if isinstance(value, str) else None
        if not found:
            self.fail(f"{value!r} is not a duration such as 90s, 15m, 2h or 7d.", parameter, context)
        return float(found[1]) * _SECONDS[found[2]]


class Main(click.Group):
    """The commands of the engine, and those that other packages add."""

    @functools.cached_property
    def _added(self) -> dict:
        groups = [point.load() for point in entry_points(group="signalbox.commands")]
        added = {name: command for group in groups for name, command in group.commands.items()}
        if importlib.util.find_spec("samples") and importlib.util.find_spec("samples.demo"):
            from samples.demo import demo

            added["demo"] = demo
        return added

    def list_commands(self, context):
        return sorted({*super().list_commands(context), *self._added})

    def get_command(self, context, name):
        return super().get_command(context, name) or self._added.get(name)

    def invoke(self, context):
        try:
            return super().invoke(context)
        except SignalboxError as error:
            hint = getattr(error, "hint", "")
            raise click.ClickException(f"{error}\nHint: {hint}" if hint else str(error)) from error


@click.group(cls=Main)
@click.version_option(package_name="signalbox")
@click.pass_context
def main(context):
    """An operations console for Redis task queues, with the queue engine built in.

    Redis is where --redis-url, SIGNALBOX_REDIS_URL or REDIS_URL say; else the one that `signalbox up` runs in this
    folder; else localhost:6379."""
    if context.invoked_subcommand != "up" and not os.environ.get("REDIS_URL"):
        os.environ["REDIS_URL"] = embedded.url_of_running(LOCAL_DATA) or ""


def with_engine(command):
    """Gives the command an engine on the Redis that --redis-url names."""

    @click.option("--redis-url", metavar="URL", help="Where Redis is.")
    @functools.wraps(command)
    def wrapped(redis_url, **options):
        with contextlib.closing(Engine(redis_url)) as engine:
            return command(engine, **options)

    return wrapped


def _actor() -> Actor:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in some containers
        name = f"uid {os.getuid()}"
    return Actor(name, "command line")


def _split(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


# -- processes --


@main.command()
@click.option("-m", "--module", "modules", multiple=True, help="A module whose functions it may run; comma lists too.")
@click.option("-q", "--queues", help="Serve only these and their subqueues; a comma list.")
@click.option("-e", "--exclude-queues", help="Do not serve these and their subqueues; a comma list.")
@click.option("-M", "--max-workers-per-queue", type=click.IntRange(1), help="At most so many workers at one queue.")
@click.option("--executor", type=click.Choice(EXECUTORS), default="fork", show_default=True)
@click.option("--exit-after", type=click.IntRange(1), metavar="MINUTES", help="Leave after about so long.")
@click.option("--allow-any", is_flag=True, help="Run any function that can be imported, as TaskTiger does.")
@click.option("--redis-url", metavar="URL", help="Where Redis is.")
def worker(modules, queues, exclude_queues, max_workers_per_queue, executor, exit_after, allow_any, redis_url):
    """Run tasks until SIGTERM or Ctrl-C; the running task is finished first."""
    names = [name for module in modules for name in _split(module)]
    if redis_url:
        os.environ["REDIS_URL"] = os.environ["SIGNALBOX_REDIS_URL"] = redis_url  # the modules make engines of their own
    sys.path.insert(0, os.getcwd())
    with contextlib.closing(Engine(redis_url, allow_modules=names, allow_any=allow_any)) as engine:
        logs.set_up(engine.settings.log_format)
        for name in names:
            _import(name)
        if allow_any:
            click.echo("This worker runs any function that can be imported.", err=True)
        Worker(
            engine,
            queues=_split(queues),
            exclude_queues=_split(exclude_queues),
            executor=executor,
            max_workers_per_queue=max_workers_per_queue,
            exit_after_seconds=timedelta(minutes=exit_after).total_seconds() if exit_after else None,
        ).run()


def _import(name: str) -> None:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(error.name + ".")):
            raise click.ClickException(f"There is no module {name!r} on the path ({os.getcwd()} is on it).") from error
        raise


@main.command()
@click.option("--observe", is_flag=True, help="Count, index and run operations; promote and recover nothing.")
@with_engine
def sweeper(engine, observe):
    """Promote due tasks, recover lost ones, run operations, count queues; until SIGTERM or Ctrl-C."""
    logs.set_up(engine.settings.log_format)
    Sweeper(engine, observe=observe).run()


# -- looking --


@main.command()
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
        click.echo("  ".join([f"{_line(name):<{width}}", *(f"{number:>9}" for number in numbers)]) + note)


@main.command()
@click.argument("queue")
@click.argument("state", type=click.Choice(states.ALL))
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True)
@with_engine
def tasks(engine, queue, state, limit):
    """List tasks of a queue in a state: the newest errors, or the next to run."""
    page = engine.browse.page(queue, state, limit=limit)
    for row in page.rows:
        failure = f"  {row.failure.exception_name}: {_line(row.failure.message)[:80]}" if row.failure else ""
        click.echo(f"{_line(row.id)}  {_line(row.func or row.problem or '?')}{failure}")
    click.echo(f"{len(page.rows)} of {page.total}", err=True)


def _line(text: str) -> str:
    """Text from Redis, as it may stand on a terminal: no control characters."""
    return "".join(letter if letter.isprintable() else "?" for letter in shown(text))


@main.command()
@with_engine
def doctor(engine):
    """Look for what would lose tasks or surprise somebody.  Exit status 1 when there is trouble."""
    findings = examine(engine)
    marks = {FINE: "  ok     ", ADVICE: "  advice ", TROUBLE: "  TROUBLE"}
    for finding in findings:
        click.echo(f"{marks[finding.level]} {finding.what}")
        if finding.advice:
            click.echo(f"          {finding.advice}")
    sys.exit(any(finding.level == TROUBLE for finding in findings))


# -- acting --

reason_option = click.option("--reason", default="", help="Why; it stands in the audit trail.")


@main.command()
@click.argument("queue")
@click.argument("task_ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All that is in error now.")
@click.option("--fresh-budget", is_flag=True, help="Forget the attempts so far (single tasks only).")
@reason_option
@with_engine
def retry(engine, queue, task_ids, everything, fresh_budget, reason):
    """Run failed tasks again: those named, or all of the queue's with --all."""
    if bool(task_ids) == everything or (everything and fresh_budget):
        raise click.UsageError("Name tasks, or say --all (without --fresh-budget).")
    if everything:
        _run(engine, engine.operations.start("retry", queue, states.ERROR, actor=_actor(), reason=reason))
        return
    for task_id in task_ids:
        engine.control.retry(queue, task_id, actor=_actor(), reason=reason, fresh_budget=fresh_budget)
        click.echo(f"{_line(task_id)} is queued again.")


@main.command()
@click.argument("queue")
@click.option("--older-than", "age_seconds", type=Duration(), required=True, help="Such as 90s, 15m, 2h, 7d.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@reason_option
@with_engine
def purge(engine, queue, age_seconds, yes, reason):
    """Delete the errors of a queue that are older than so long, for good."""
    not_after = engine.store.now() - age_seconds
    count = engine.operations.count(queue, states.ERROR, not_after)
    if not yes:
        click.confirm(f"Delete {count} errors of {_line(queue)} for good?", abort=True)
    _run(
        engine,
        engine.operations.start("purge", queue, states.ERROR, actor=_actor(), reason=reason, not_after=not_after),
    )


@main.command()
@click.argument("queue")
@click.option("--reason", required=True, help="Why; the next person on call will ask.")
@click.option("--for", "seconds", type=Duration(), help="Such as 15m or 2h; else until resumed.")
@with_engine
def pause(engine, queue, reason, seconds):
    """Let no worker start anything from exactly this queue."""
    until = engine.store.now() + seconds if seconds else None
    engine.control.pause(queue, actor=_actor(), reason=reason, until=until)
    click.echo(f"{_line(queue)} is paused.  TaskTiger workers without -M go on; what runs now is finished.")


@main.command()
@click.argument("queue")
@reason_option
@with_engine
def resume(engine, queue, reason):
    """Lift the pause of a queue."""
    engine.control.resume(queue, actor=_actor(), reason=reason)
    click.echo(f"{_line(queue)} runs again.")


def _run(engine, operation) -> None:
    """Runs an operation to its end, with a progress bar.  When this process dies, a sweeper goes on with it."""
    with click.progressbar(length=operation.matched, label=f"{operation.verb} {_line(operation.queue)}") as bar:
        seen = 0
        while not operation.ended:
            operation = engine.operations.step(operation.id)
            met = operation.done + operation.skipped
            if met == seen and not operation.ended:
                time.sleep(_LOOK_AGAIN_SECONDS)  # a sweeper is at it
            bar.update(met - seen)
            seen = met
    click.echo(f"{operation.done} done, {operation.skipped} skipped (gone meanwhile), of {operation.matched}.")


if __name__ == "__main__":
    main()
