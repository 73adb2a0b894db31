"""The commands of the trash: list, restore and empty."""

import sys

import click

from queue_core.commands.shared import actor, carry_out, line, reason_option, with_engine
from queue_core.errors import InvalidPayload, MovedOn


@click.group()
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
        why = f": {line(entry.reason)}" if entry.reason else ""
        operation = f", operation {line(entry.operation_id)}" if entry.operation_id else ""
        place = f"{line(entry.queue)} {entry.state}"
        click.echo(f"{line(entry.id)}  {line(entry.task_id)}  {place}  by {line(entry.by)}{operation}{why}")
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
        carry_out(engine, engine.operations.undo(operation_id, actor=actor(), reason=reason))
        return
    stayed = False
    for entry_id in entry_ids:
        try:
            entry = engine.trash.restore(entry_id, actor=actor(), reason=reason)
        except (MovedOn, InvalidPayload) as error:
            click.echo(f"{line(entry_id)}: {error}", err=True)
            stayed = True
            continue
        click.echo(f"{line(entry.task_id)} is back in {entry.state} of {line(entry.queue)}.")
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
    click.echo(f"{engine.trash.empty(not_after=not_after, actor=actor(), reason=reason)} gone for good.")
