"""The commands of the workers: list, quiet, wake and stop."""

import click

from queue_core.commands.shared import actor, line, reason_option, with_engine
from queue_core.errors import InvalidRequest
from queue_core.text import shown


@click.group()
def workers():
    """Look at the processes that are alive, and ask workers to be quiet, to wake, or to stop."""


@workers.command("list")
@with_engine
def list_workers(engine):
    """List workers, sweepers and observers, each behind its id: where it is, what it runs."""
    now, alive = engine.store.now(), engine.workers.alive()
    orders = engine.workers.orders([one.id for one in alive])
    for one in alive:
        place = f"{line(str(one.facts.get('host')))} pid {line(str(one.facts.get('pid')))}"
        kind = line(str(one.facts.get("kind"))) + (" quiet" if one.facts.get("quiet") else "")
        running = one.facts.get("running")
        runs = [str(run.get("func")) for run in running if isinstance(run, dict)] if isinstance(running, list) else []
        what = f"  runs {line(', '.join(runs[:3]))}" if runs else ""
        asked = "".join(f"  asked to {order.verb}" for order in orders.get(one.id, ()))
        click.echo(f"{line(one.id)}  {kind}  {place}  seen {max(0, now - one.seen_at):.0f} s ago{what}{asked}")
    if not alive:
        click.echo("No process of ours is alive.  TaskTiger workers do not register.")


def _order(engine, verb, worker_ids, reason, told):
    for worker_id in [_whole_id(engine, one) for one in worker_ids]:
        engine.workers.order(verb, worker_id, actor=actor(), reason=reason)
        click.echo(f"{line(worker_id)} is asked to {told}, and hears of it within {_patience(engine)}.")


def _patience(engine) -> str:
    return f"{engine.settings.heartbeat_seconds:g} s"


def _whole_id(engine, typed: str) -> str:
    """The id that begins so, when only one does; as it was typed when none does."""
    found = [one.id for one in engine.workers.alive() if typed and shown(one.id).startswith(typed)]
    if len(found) > 1 and typed not in found:
        raise InvalidRequest(f"{len(found)} processes have an id that begins with {typed!r}; give more of it.")
    return found[0] if len(found) == 1 else typed


@workers.command("quiet")
@click.argument("worker_ids", nargs=-1, required=True)
@reason_option
@with_engine
def quiet_workers(engine, worker_ids, reason):
    """Ask workers to take nothing new; what runs goes on.  The beginning of an id is enough."""
    _order(engine, "quiet", worker_ids, reason, "take nothing new")


@workers.command("wake")
@click.argument("worker_ids", nargs=-1, required=True)
@reason_option
@with_engine
def wake_workers(engine, worker_ids, reason):
    """Ask quiet workers to take tasks again."""
    _order(engine, "wake", worker_ids, reason, "take tasks again")


@workers.command("stop")
@click.argument("worker_ids", nargs=-1, required=True)
@reason_option
@with_engine
def stop_workers(engine, worker_ids, reason):
    """Ask workers to finish their task and leave, as SIGTERM does."""
    _order(engine, "stop", worker_ids, reason, "finish its task and leave")
