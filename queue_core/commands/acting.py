"""The commands of an operator: purge, pause, resume and deploy-mark."""

import click

from queue_core import states
from queue_core.commands.shared import Duration, actor, carry_out, line, reason_option, with_engine


@click.command()
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
        click.confirm(f"Delete {count} errors of {line(queue)}{for_good}?", abort=True)
    carry_out(
        engine,
        engine.operations.start(
            "purge",
            queue,
            states.ERROR,
            actor=actor(),
            reason=reason,
            not_after=not_after,
            to_trash=not free_memory,
        ),
    )


@click.command()
@click.argument("queue")
@click.option("--reason", required=True, help="Why; the next person on call will ask.")
@click.option("--for", "seconds", type=Duration(), help="Such as 15m or 2h; else until resumed.")
@with_engine
def pause(engine, queue, reason, seconds):
    """Let no worker start anything from exactly this queue."""
    until = engine.store.now() + seconds if seconds else None
    engine.control.pause(queue, actor=actor(), reason=reason, until=until)
    click.echo(f"{line(queue)} is paused.  TaskTiger workers without -M go on; what runs now is finished.")


@click.command()
@click.argument("queue")
@reason_option
@with_engine
def resume(engine, queue, reason):
    """Lift the pause of a queue."""
    engine.control.resume(queue, actor=actor(), reason=reason)
    click.echo(f"{line(queue)} runs again.")


@click.command("deploy-mark")
@click.argument("text", required=False, default="")
@with_engine
def deploy_mark(engine, text):
    """Say that another version of your application went live now; errors that come with it are tagged."""
    deploy = engine.error_groups.mark_deploy(text, actor=actor())
    click.echo(f"Deploy noted{': ' + line(deploy.text) if deploy.text else ''}.")
