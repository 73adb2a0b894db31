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

from queue_core import audit_chain, embedded, states
from queue_core.acts import Actor
from queue_core.compat import tasktiger
from queue_core.doctor import ADVICE, FINE, TROUBLE, examine
from queue_core.engine import Engine
from queue_core.errors import InvalidPayload, MovedOn, SignalboxError
from queue_core.process import logs
from queue_core.sweeper import Sweeper
from queue_core.text import shown
from queue_core.worker.loop import EXECUTORS, Worker
from queue_core.worker_command import address, with_address

COMPAT = ("tasktiger",)

LOCAL_DATA = ".signalbox/redis"
"""Where `signalbox up` keeps its Redis; commands started beside it find it there when no address is given."""

_DURATION = re.compile(r"^(\d+(?:\.\d+)?)([smhd])$")
_FAULTS_SHOWN = 20
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


def _split_as_it_stands(text: str | None) -> list[str]:
    """As TaskTiger reads a list of queues: a space belongs to a name."""
    return text.split(",") if text else []


# -- processes --


@main.command()
@click.option("-m", "--module", "modules", multiple=True, help="A module whose functions it may run; comma lists too.")
@click.option("-q", "--queues", help="Serve only these and their subqueues; a comma list.")
@click.option("-e", "--exclude-queues", help="Do not serve these and their subqueues; a comma list.")
@click.option(
    "-M", "--max-workers-per-queue", type=click.IntRange(0), help="At most so many workers at a queue; 0: any."
)
@click.option("--store-tracebacks/--no-store-tracebacks", default=None, help="Keep the tracebacks of failed runs.")
@click.option(
    "--executor", type=click.Choice(EXECUTORS), default="fork", show_default=True,
    help="fork: a child process for each task; sync: in the worker's own process, faster.",
)  # fmt: skip
@click.option("--exit-after", type=click.IntRange(0), metavar="MINUTES", help="Leave after about so long; 0: never.")
@click.option("--allow-any", is_flag=True, help="Run any function that can be imported, as TaskTiger does.")
@click.option("--compat", type=click.Choice(COMPAT), help="Run an application that was written for it, as it stands.")
@click.option("--redis-url", metavar="URL", help="Where Redis is.")
@with_address
def worker(
    modules, queues, exclude_queues, max_workers_per_queue, store_tracebacks, executor, exit_after, allow_any, compat,
    redis_url, **address_parts,
):  # fmt: skip
    """Run tasks until SIGTERM or Ctrl-C; the running task is finished first.

    With --compat tasktiger an application that imports tasktiger runs as it stands.

    Exit status: 0 when it was asked to stop; 1 after an unexpected error, or when a task overran its hard timeout under
    the sync executor; 70 when the lease of its task could not be kept."""
    names = [name for module in modules for name in _split(module)]
    url = _one_address(redis_url, address(**address_parts))
    if url:
        os.environ["REDIS_URL"] = os.environ["SIGNALBOX_REDIS_URL"] = url  # the modules make engines of their own
    if compat:
        tasktiger.install()
        allow_any = True
    read_list = _split_as_it_stands if compat else _split
    sys.path.insert(0, os.getcwd())
    with contextlib.closing(Engine(url, allow_modules=names, allow_any=allow_any)) as engine:
        logs.set_up(engine.settings.log_format)
        for name in names:
            _import(name)
            engine.log.debug("imported module", module_name=name)
        _advise(compat)
        if allow_any:
            click.echo("This worker runs any function that can be imported.", err=True)
        Worker(
            engine,
            queues=read_list(queues),
            exclude_queues=read_list(exclude_queues),
            max_workers_per_queue=max_workers_per_queue or None,
            store_tracebacks=store_tracebacks,
            executor=executor,
        ).run(exit_after=timedelta(minutes=exit_after) if exit_after else None)


def _advise(compat):
    if "tasktiger" in sys.modules and not compat:
        advice = "These modules import TaskTiger itself, whose current_task knows nothing of this worker."
        click.echo(f"{advice}  Say --compat tasktiger.", err=True)


def _one_address(url, of_parts) -> str | None:
    if url and of_parts:
        raise click.UsageError("Say either --redis-url or --host, --port, --password and --db.")
    return url or of_parts


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
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True, help="At most so many.")
@with_engine
def tasks(engine, queue, state, limit):
    """List tasks of a queue in a state: the newest errors, or the next to run."""
    page = engine.browse.page(queue, state, limit=limit)
    for row in page.rows:
        click.echo(f"{_line(row.id)}  {_line(row.func or row.problem or '?')}{_failure(row)}")
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
@click.option("--rate", type=Rate(), default="0", help="Such as 200/s or 30/m, with --all; else as fast as it goes.")
@click.option("--canary", type=click.IntRange(0, 100), default=0, help="With --all: so many first; the rest waits.")
@click.option("--canary-for", "canary_seconds", type=Duration(), default="60s", help="Wait so long for them.")
@click.option("--dry-run", is_flag=True, help="Only show what --all would touch.")
@click.option("--fresh-budget", is_flag=True, help="Forget the attempts so far (single tasks only).")
@reason_option
@with_engine
def retry(engine, queue, task_ids, everything, rate, canary, canary_seconds, dry_run, fresh_budget, reason):
    """Run failed tasks again: those named, or all of the queue's with --all."""
    if (
        bool(task_ids) == everything
        or (everything and fresh_budget)
        or ((rate or dry_run or canary) and not everything)
    ):
        raise click.UsageError("Name tasks, or say --all (without --fresh-budget); the other options go with --all.")
    if dry_run:
        _show_impact(engine.browse.impact(queue, states.ERROR, engine.store.now()))
        return
    if everything:
        operation = engine.operations.start(
            "retry",
            queue,
            states.ERROR,
            actor=_actor(),
            reason=reason,
            rate=rate,
            canary=canary,
            canary_seconds=canary_seconds,
        )
        _run(engine, operation)
        return
    for task_id in task_ids:
        engine.control.retry(queue, task_id, actor=_actor(), reason=reason, fresh_budget=fresh_budget)
        click.echo(f"{_line(task_id)} is queued again.")


@main.command()
@click.argument("queue")
@click.option("--older-than", "age_seconds", type=Duration(), required=True, help="Such as 90s, 15m, 2h, 7d.")
@click.option("--free-memory", is_flag=True, help="Free the memory now: they are gone for good and skip the trash.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@reason_option
@with_engine
def purge(engine, queue, age_seconds, free_memory, yes, reason):
    """Delete the errors of a queue that are older than so long; they go to the trash."""
    not_after = engine.store.now() - age_seconds
    count = engine.operations.count(queue, states.ERROR, not_after)
    if not yes:
        for_good = " for good" if free_memory or not engine.trash.is_on else ""
        click.confirm(f"Delete {count} errors of {_line(queue)}{for_good}?", abort=True)
    _run(
        engine,
        engine.operations.start(
            "purge",
            queue,
            states.ERROR,
            actor=_actor(),
            reason=reason,
            not_after=not_after,
            to_trash=not free_memory,
        ),
    )


@main.group()
def trash():
    """Look at what was deleted, and bring it back."""


@trash.command("list")
@click.option("--queue", help="Only of this queue.")
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True, help="At most so many.")
@with_engine
def list_trash(engine, queue, limit):
    """List deleted tasks, the newest first, each behind the id of its entry."""
    page = engine.trash.page(queue=queue, limit=limit)
    for entry in page.entries:
        why = f": {_line(entry.reason)}" if entry.reason else ""
        operation = f", operation {_line(entry.operation_id)}" if entry.operation_id else ""
        place = f"{_line(entry.queue)} {entry.state}"
        click.echo(f"{_line(entry.id)}  {_line(entry.task_id)}  {place}  by {_line(entry.by)}{operation}{why}")
    click.echo(f"{len(page.entries)} of {page.total}", err=True)


@trash.command("restore")
@click.argument("entry_ids", nargs=-1)
@click.option("--operation", "operation_id", help="All that this operation deleted.")
@reason_option
@with_engine
def restore_trash(engine, entry_ids, operation_id, reason):
    """Bring deleted tasks back to the place where they were: those entries, or all of an operation.

    Exit status 1 when one of them has to stay in the trash."""
    if bool(entry_ids) == bool(operation_id):
        raise click.UsageError("Name entries, or say --operation.")
    if operation_id:
        _run(engine, engine.operations.undo(operation_id, actor=_actor(), reason=reason))
        return
    stayed = False
    for entry_id in entry_ids:
        try:
            entry = engine.trash.restore(entry_id, actor=_actor(), reason=reason)
        except (MovedOn, InvalidPayload) as error:
            click.echo(f"{_line(entry_id)}: {error}", err=True)
            stayed = True
            continue
        click.echo(f"{_line(entry.task_id)} is back in {entry.state} of {_line(entry.queue)}.")
    sys.exit(stayed)


@trash.command("empty")
@click.option("--yes", is_flag=True, help="Do not ask.")
@reason_option
@with_engine
def empty_trash(engine, yes, reason):
    """Free the memory of all deleted tasks: they are gone for good."""
    not_after, size = engine.store.now(), engine.trash.size()
    if not yes:
        click.confirm(f"Free {size.tasks} tasks, about {size.bytes} bytes, for good?", abort=True)
    click.echo(f"{engine.trash.empty(not_after=not_after, actor=_actor(), reason=reason)} gone for good.")


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


@main.command("deploy-mark")
@click.argument("text", required=False, default="")
@with_engine
def deploy_mark(engine, text):
    """Say that another version of your application went live now; errors that come with it are tagged."""
    deploy = engine.error_groups.mark_deploy(text, actor=_actor())
    click.echo(f"Deploy noted{': ' + _line(deploy.text) if deploy.text else ''}.")


def _show_impact(impact) -> None:
    click.echo(f"{impact.matched} tasks.  Nothing is changed.")
    if impact.looked_at < impact.matched:
        click.echo(f"Functions and exceptions of {impact.looked_at} that lie evenly over them; the ages are of all.")
    ages = [(f"up to {seconds // 3600} h old" if seconds else "older", count) for seconds, count in impact.ages]
    for title, pairs in (("function", impact.functions), ("exception", impact.exceptions), ("age", ages)):
        for name, count in pairs[:_SHOWN_SHARES]:
            if count:
                click.echo(f"  {title:<9}  {count:>9}  {_line(name or 'unknown')}")
    for row in impact.samples:
        click.echo(f"  sample     {_line(row.id)}  {_line(row.func or row.problem or '?')}{_failure(row)}")


def _failure(row) -> str:
    return f"  {_line(row.failure.exception_name)}: {_line(row.failure.message)[:80]}" if row.failure else ""


@main.group()
def audit():
    """The audit trail as a file."""


@audit.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@click.option("--holds", metavar="HASH", help="Fail unless a line has this hash, noted down at an earlier check.")
def verify(files, holds):
    """Check that nothing was changed in or taken out of FILES, parts of one trail, the oldest first.

    Exit status 1 when something was."""
    found = audit_chain.check(_lines_of(files), wanted=holds)
    click.echo(f"{found.entries} entries, to {found.end.id or 'none'}; hash of the last line: {found.end.hash}")
    if found.begins_after not in (None, audit_chain.NO_LINE):
        click.echo(f"The first line continues another file, whose last line has the hash {found.begins_after}.")
    if found.cut_off:
        click.echo(f"Lines that were not written to their end, by a process that died: {found.cut_off}.")
    if found.gaps:
        click.echo(f"Places before which Redis had dropped entries: {found.gaps}.")
    if found.faults:
        shown_faults = found.faults[:_FAULTS_SHOWN]
        more = f"\n… and {len(found.faults) - _FAULTS_SHOWN} more" if len(found.faults) > _FAULTS_SHOWN else ""
        raise click.ClickException("The chain is broken:\n" + "\n".join(shown_faults) + more)
    click.echo("Every line follows the one before it.")


def _lines_of(files):
    for name in files:
        with open(name, "rb") as file:
            yield from ((f"{name} line {number}", line) for number, line in enumerate(file, start=1))


def _run(engine, operation) -> None:
    """Runs an operation to its end, with a progress bar.  When this process dies, a sweeper goes on with it."""
    with click.progressbar(length=operation.matched, label=f"{operation.verb} {_line(operation.queue)}") as bar:
        seen = 0
        while not operation.ended and not operation.paused:
            operation = engine.operations.step(operation.id)
            if operation.met == seen and not operation.ended:
                time.sleep(_LOOK_AGAIN_SECONDS)  # a sweeper is at it, or its rate allows no more
            bar.update(operation.met - seen)
            seen = operation.met
    if operation.paused:
        click.echo(f"The operation is paused: {_line(operation.paused_because)}.  It goes on once it is resumed.")
    click.echo(
        f"{operation.done} done, {operation.skipped} skipped ({operation.gone} gone meanwhile, "
        f"{operation.stayed} still there), of {operation.matched}."
    )


if __name__ == "__main__":
    main()
