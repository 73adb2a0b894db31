"""The commands of operations: list, show, pause, resume, cancel and rate."""

import click

from queue_core.commands.outcomes import sentence
from queue_core.commands.shared import Rate, actor, carry_out, line, reason_option, utc, with_engine


@click.group()
def operations():
    """Look at operations, and steer them."""


@operations.command("list")
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True, help="At most so many.")
@with_engine
def list_operations(engine, limit):
    """List operations, the newest first, each behind its id."""
    found = engine.operations.newest(limit=limit)
    for one in found:
        outcomes = f"  {sentence(one.outcomes)}" if one.outcomes.followed else ""
        place = f"{one.verb} {line(one.queue)} {one.state}"
        click.echo(f"{one.id}  {utc(one.created_at)}  {one.status:<9}  {place}  {_numbers(one)}{outcomes}")
    if not found:
        click.echo("There is no operation.")


@operations.command("show")
@click.argument("operation_id")
@with_engine
def show_operation(engine, operation_id):
    """Show one operation: how far it is, and what became of its tasks."""
    one = engine.operations.get(operation_id)
    facts = {
        "operation": f"{one.verb} in {line(one.queue)}, {one.state}",
        "status": one.status + (f": {line(one.paused_because)}" if one.paused else ""),
        "to": line(one.to_queue),
        "time": _time_given(one),
        "filter": line(one.query),
        "progress": _numbers(one),
        "skipped": f"{one.gone} gone meanwhile, {one.stayed} still there" if one.skipped else "",
        "rate": f"{one.rate:g} a second" if one.rate else "as fast as it goes",
        "canary": f"{one.canary}, {one.canary_state}" if one.canary else "",
        "outcomes": sentence(one.outcomes) if one.outcomes.followed else "",
        "undoes": line(one.undoes or ""),
        "retries": f"the failed part of {one.retries}" if one.retries else "",
        "by": f"{line(one.actor)}, {line(one.door)}",
        "reason": line(one.reason),
        "started": utc(one.created_at),
        "ended": utc(one.ended_at) if one.ended_at else "",
    }
    for name, value in facts.items():
        if value:
            click.echo(f"{name:<9}  {value}")


@operations.command("pause")
@click.argument("operation_id")
@reason_option
@with_engine
def pause_operation(engine, operation_id, reason):
    """Let an operation stand still until it is resumed."""
    engine.operations.pause(operation_id, actor=actor(), reason=reason)
    click.echo("The operation is paused.  What it did stays done.")


@operations.command("resume")
@click.argument("operation_id")
@reason_option
@with_engine
def resume_operation(engine, operation_id, reason):
    """Let an operation go on, whatever its canary said."""
    engine.operations.resume(operation_id, actor=actor(), reason=reason)
    click.echo("The operation goes on.")


@operations.command("cancel")
@click.argument("operation_id")
@with_engine
def cancel_operation(engine, operation_id):
    """End an operation; what was done stays done."""
    engine.operations.cancel(operation_id, actor=actor())
    click.echo("The operation is cancelled.  What it did stays done.")


@operations.command("undo")
@click.argument("operation_id")
@reason_option
@with_engine
def undo_operation(engine, operation_id, reason):
    """Bring back what an operation deleted or moved; of what was moved only that which nobody has touched since."""
    carry_out(engine, engine.operations.undo(operation_id, actor=actor(), reason=reason))


@operations.command("rate")
@click.argument("operation_id")
@click.argument("rate", type=Rate())
@with_engine
def change_rate(engine, operation_id, rate):
    """Give an operation another rate, such as 200/s or 30/m; 0: as fast as it goes."""
    engine.operations.change_rate(operation_id, rate, actor=actor())
    click.echo("The operation has another rate from now on.")


def _time_given(one) -> str:
    if one.shift_seconds is not None:
        return f"{abs(one.shift_seconds):g} s {'later' if one.shift_seconds > 0 else 'earlier'}"
    if one.due_at is None:
        return ""
    return f"spread over {one.spread_seconds:g} s from {utc(one.due_at)}" if one.spread_seconds else utc(one.due_at)


def _numbers(one) -> str:
    if one.query:
        return f"looked at {one.met} of {one.matched}, matched {one.done + one.skipped}, {one.done} done"
    return f"{one.done} of {one.matched} done, {one.skipped} skipped"
