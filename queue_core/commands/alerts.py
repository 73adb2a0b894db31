"""The commands of the alerts: list and test."""

import sys

import click

from queue_core.alert_delivery import Receiver
from queue_core.alert_message import encoded, event_of_a_test, headers
from queue_core.alert_words import moment, plural
from queue_core.alerting.sending import DEADLINE_SECONDS, Sending
from queue_core.commands.shared import actor, line, with_engine
from queue_core.errors import InvalidRequest


@click.group()
def alerts():
    """Look at what is told by webhooks as wrong, and try whether it arrives."""


@alerts.command("list")
@with_engine
def list_alerts(engine):
    """List the alerts that are open, the worst first, and how it goes with each receiver."""
    room = engine.alerts
    look = room.last_look()
    if look is None:
        click.echo(
            "Nobody has looked for alerts in the last hour: no sweeper or observer has SIGNALBOX_ALERT_WEBHOOKS."
        )
    elif look.is_old(engine.store.now()):
        click.echo(
            f"Unknown: nobody has looked since {moment(look.at)}; what stands here may be over, and more be wrong."
        )
    elif look.unknown:
        click.echo(f"Unknown: {', '.join(look.unknown)}. What Redis holds of that is missing, old or broken.")
    unreadable, found = room.unreadable(), room.open()
    if unreadable:
        click.echo(f"Unknown: {plural(unreadable, 'record')} of alerts that cannot be read.")
    for one in found:
        over = "  (seen no more)" if one.well_since_at is not None else ""
        click.echo(f"{one.sight.severity:<8}  {line(one.sight.title)}{over}")
        click.echo(f"{'':8}  since {moment(one.opened_at)}, told {moment(one.told_at)}.  {line(one.sight.details)}")
    is_known = look is not None and not look.is_old(engine.store.now()) and not look.unknown and not unreadable
    if is_known and not found:
        click.echo(f"Nothing is wrong, as of {moment(look.at)}.")
    for one in room.deliveries():
        arrived = "nothing has arrived yet" if one.arrived_at is None else f"arrived {moment(one.arrived_at)}"
        problem = f"  not delivered {moment(one.failed_at)}: {line(one.problem)}" if one.problem else ""
        missed = f"  {one.missed} given up" if one.missed else ""
        click.echo(f"to {line(one.host)}  {arrived}{problem}{missed}")


@alerts.command("test")
@with_engine
def test_alerts(engine):
    """Send a test from here to each address in SIGNALBOX_ALERT_WEBHOOKS, and print what it answers.

    Exit status 1 when it did not arrive everywhere."""
    settings, now = engine.settings, engine.store.now()
    if not settings.alert_webhooks:
        raise InvalidRequest("No receiver is set here: SIGNALBOX_ALERT_WEBHOOKS is empty.")
    place = {"environment": settings.alert_environment, "console_url": settings.console_url}
    body = encoded(event_of_a_test(actor().name, now, **place))
    receivers = [Receiver(url) for url in settings.alert_webhooks]
    engine.audit.record("test_alert", actor=actor(), outcome="done", receivers=len(receivers))
    under_way = [(one, Sending(one.url, body, headers(body, now, settings.alert_secret))) for one in receivers]
    arrived = [_told(receiver, sending) for receiver, sending in under_way]
    sys.exit(not all(arrived))


def _told(receiver, sending) -> bool:
    while not sending.wait(DEADLINE_SECONDS):
        pass
    click.echo(f"{line(receiver.host)}  {line(sending.answer.in_words(receiver))}")
    return sending.answer.arrived
