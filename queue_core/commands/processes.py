"""The commands that run processes: worker and sweeper."""

import contextlib
import importlib
import os
import sys
from datetime import timedelta

import click

from queue_core.commands.shared import with_engine
from queue_core.compat import tasktiger
from queue_core.engine import Engine
from queue_core.process import logs
from queue_core.sweeper import Sweeper
from queue_core.worker.loop import EXECUTORS, Worker
from queue_core.worker_command import address, with_address

COMPAT = ("tasktiger",)


@click.command()
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


@click.command()
@click.option("--observe", is_flag=True, help="Count, index and run operations; promote and recover nothing.")
@with_engine
def sweeper(engine, observe):
    """Promote due tasks, recover lost ones, run operations, count queues; until SIGTERM or Ctrl-C."""
    logs.set_up(engine.settings.log_format)
    Sweeper(engine, observe=observe).run()


def _split(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _split_as_it_stands(text: str | None) -> list[str]:
    """As TaskTiger reads a list of queues: a space belongs to a name."""
    return text.split(",") if text else []
