"""The command retry: tasks by their names, all of a queue, or those that a query means."""

import sys

import click

from queue_core import states
from queue_core.commands.outcomes import follow
from queue_core.commands.shared import (
    Duration,
    Rate,
    actor,
    carry_out,
    line,
    reason_option,
    show_foreseen,
    show_impact,
    with_engine,
)
from queue_core.query_syntax import parse

_WRONG = (
    "Name a queue and tasks, or say --all or --filter (without --fresh-budget); the other options go with these two. "
    "Only --filter goes without a queue."
)


@click.command()
@click.argument("queue", required=False)
@click.argument("task_ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All that is in error now.")
@click.option("--filter", "query", metavar="QUERY", help="Those of it that are meant, such as 'exc:KeyError age:<1h'.")
@click.option("--rate", type=Rate(), default="0", help="Such as 200/s or 30/m; else as fast as it goes.")
@click.option("--canary", type=click.IntRange(0, 100), default=0, help="So many first; the rest waits for them.")
@click.option("--canary-for", "canary_seconds", type=Duration(), default="60s", help="Wait so long for them.")
@click.option("--canary-failures", type=click.IntRange(0, 100), default=0, help="So many of them may fail again.")
@click.option("--wait", is_flag=True, help="Wait until it is known what became of all of them.")
@click.option("--dry-run", is_flag=True, help="Only show what would be touched.")
@click.option("--fresh-budget", is_flag=True, help="Forget the attempts so far (single tasks only).")
@reason_option
@with_engine
def retry(engine, queue, task_ids, everything, query, dry_run, wait, fresh_budget, reason, **pace):
    """Run failed tasks again: those named, all of the queue's with --all, or those that --filter means, which without
    a queue looks at all of them."""
    many = everything or query is not None
    if many == bool(task_ids) or (everything and query is not None) or (queue is None and query is None):
        raise click.UsageError(_WRONG)
    if fresh_budget if many else (pace["rate"] or pace["canary"] or dry_run or wait):
        raise click.UsageError(_WRONG)
    if task_ids:
        _retry_named(engine, queue, task_ids, reason, fresh_budget)
        return
    queues = [queue] if queue is not None else _failing(engine, query)
    if dry_run:
        _show(engine, queues, query)
        return
    operations = _retry_many(engine, queues, query or "", reason, pace)
    if any(operation.paused for operation in operations) or (wait and not follow(engine, operations)):
        sys.exit(1)


def _retry_named(engine, queue, task_ids, reason, fresh_budget):
    for task_id in task_ids:
        engine.control.retry(queue, task_id, actor=actor(), reason=reason, fresh_budget=fresh_budget)
        click.echo(f"{line(task_id)} is queued again.")


def _failing(engine, query) -> list[str]:
    """Queues with errors in which the query can mean something."""
    asked = parse(query)
    return sorted(one for one in engine.leases.queues(states.ERROR) if asked.may_hold(one, states.ERROR))


def _show(engine, queues, query):
    now = engine.store.now()
    for queue in queues:
        if query is None:
            show_impact(engine.browse.impact(queue, states.ERROR, now))
        else:
            found = engine.operations.foresee(queue, states.ERROR, query, not_after=now, most=None)
            show_foreseen(queue, found)
    if not queues:
        click.echo("No queue has an error that is meant.")


def _retry_many(engine, queues, query, reason, pace) -> list:
    """One operation for each queue, one after the other; none after one that has paused itself."""
    done = []
    for number, queue in enumerate(queues):
        started = engine.operations.start(
            "retry", queue, states.ERROR, actor=actor(), reason=reason, query=query, **pace
        )
        done.append(carry_out(engine, started))
        if done[-1].paused and queues[number + 1 :]:
            click.echo(f"Not begun: {', '.join(line(one) for one in queues[number + 1 :])}.")
            break
    if not queues:
        click.echo("No queue has an error that is meant.")
    return done
