"""The command `signalbox`: its own commands and those that other packages add."""

import functools
import importlib.util
import os
from importlib.metadata import entry_points

import click

from queue_core import embedded
from queue_core.commands import (
    acting,
    alerts,
    audit,
    elsewhere,
    files,
    holds,
    looking,
    operations,
    processes,
    retrying,
    searching,
    stats,
    trash,
    workers,
)
from queue_core.errors import SignalboxError

LOCAL_DATA = ".signalbox/redis"
"""Where `signalbox up` keeps its Redis; commands started beside it find it there when no address is given."""

COMMANDS = (
    processes.worker,
    processes.sweeper,
    looking.queues,
    looking.tasks,
    searching.search,
    looking.doctor,
    stats.stats,
    retrying.retry,
    elsewhere.move,
    elsewhere.reschedule,
    acting.purge,
    acting.pause,
    acting.resume,
    acting.deploy_mark,
    holds.hold,
    holds.release,
    holds.holds,
    operations.operations,
    trash.trash,
    files.export,
    files.import_,
    audit.audit,
    workers.workers,
    alerts.alerts,
)


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


@click.group(cls=Main, commands=COMMANDS)
@click.version_option(package_name="signalbox")
@click.pass_context
def main(context):
    """An operations console for Redis task queues, with the queue engine built in.

    Redis is where --redis-url, SIGNALBOX_REDIS_URL or REDIS_URL say; else the one that `signalbox up` runs in this
    folder; else localhost:6379."""
    if context.invoked_subcommand != "up" and not os.environ.get("REDIS_URL"):
        os.environ["REDIS_URL"] = embedded.url_of_running(LOCAL_DATA) or ""


if __name__ == "__main__":
    main()
