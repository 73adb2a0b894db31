"""The command line of a TaskTiger worker: its options, over whatever engine it is given (wire §16)."""

from datetime import timedelta
from urllib.parse import quote

import click

from queue_core.worker.loop import EXECUTORS

_OPTIONS = (
    click.option("-q", "--queues", help="Serve only these queues and their subqueues; a comma list."),
    click.option("-m", "--module", help="Modules to import first, so that no task has to; a comma list."),
    click.option("-e", "--exclude-queues", help="Do not serve these queues and their subqueues; a comma list."),
    click.option("-M", "--max-workers-per-queue", type=int, help="At most so many workers at one queue."),
    click.option("--store-tracebacks/--no-store-tracebacks", default=None, help="Keep tracebacks of failed runs."),
    click.option("--executor", help="fork (default) or sync."),
    click.option("--exit-after", type=int, metavar="MINUTES", help="Leave after about so long."),
)
_ADDRESS_OPTIONS = (
    click.option("-h", "--host", help="The host of Redis; default localhost."),
    click.option("-p", "--port", help="The port of Redis; default 6379."),
    click.option("-a", "--password", help="The password of Redis."),
    click.option("-n", "--db", help="The number of the database; default 0."),
)


def with_address(command):
    """Adds the options that name a Redis by its parts."""
    return _with(_ADDRESS_OPTIONS, command)


def address(host=None, port=None, password=None, db=None) -> str | None:
    """The URL of the Redis that the options name; None when they name none."""
    if host is None and port is None and password is None and db is None:
        return None
    secret = f":{quote(password, safe='')}@" if password else ""
    return f"redis://{secret}{host or 'localhost'}:{port or 6379}/{db or 0}"


def command_for(engine_at) -> click.Command:
    """The command `tasktiger`.  It leaves by SystemExit: 0 after a request to stop, 2 for a wrong call.

    engine_at: gives the engine whose worker is run, by host, port, password and db, as texts or None."""

    def run_worker(host, port, password, db, executor, exit_after, **options):
        engine = engine_at(host=host, port=port, password=password, db=db)
        engine.run_worker(
            executor_class=_executor_class(executor),
            exit_after=timedelta(minutes=exit_after) if exit_after else None,
            **options,
        )

    command = _with(_OPTIONS, with_address(run_worker))
    return click.command("run-worker", help="Run tasks until SIGTERM or Ctrl-C.")(command)


def _with(options, command):
    for option in reversed(options):
        command = option(command)
    return command


def _executor_class(name):
    if name and name not in EXECUTORS:
        raise click.ClickException("Invalid executor.")
    return EXECUTORS[name or "fork"]
