"""The ticked tasks of a list led elsewhere: the form that asks where, and the act once it is said."""

from flask import request

from console import actions, another_time, selection, started
from console.current import engine, now
from console.forms import given_target
from console.presenters import utc
from console.selection import Places
from queue_core import states
from queue_core.errors import InvalidQueueName, InvalidRequest


def move(page, chosen: Places, *, back: str):
    """The form that asks into which queue the ticked tasks are to go; once it says so, they are moved.

    A queue that they cannot go to gives it back with its ticks and what was typed: no address leads to it."""
    fault, target = "", given_target()
    if "to_queue" in request.form:
        try:
            return selection.perform("move", chosen, back=back, target=target)
        except InvalidQueueName as error:
            fault = str(error)
    return _ask(page, "bulk/ticked.html", "move", chosen, fault, back, **target)


def reschedule(page, kind: str, chosen: Places, *, back: str):
    """The form that asks for another time of the ticked tasks; once it is said, they get it.  A fault gives it back."""
    try:
        time = another_time.read(kind, request.form)
    except InvalidRequest as fault:
        return _ask_when(page, kind, chosen, str(fault), back)
    return _reschedule(time, chosen, back) if time.is_said else _ask_when(page, kind, chosen, "", back)


def _ask_when(page, kind, chosen, fault, back):
    facts = {"kind": kind, "units": another_time.UNITS, "given": request.form}
    return _ask(page, "scheduled/ticked.html", "reschedule", chosen, fault, back, **facts)


def _reschedule(time, chosen, back):
    queues = {queue: ids for (_, queue), ids in selection.possible("reschedule", chosen).items()}
    if not queues:
        return selection.nothing_to_do(chosen, back)

    def act(actor):
        rooms, reason = engine().operations, actions.given_reason()
        begun = rooms.start_together(
            "reschedule", states.SCHEDULED, queues, actor=actor, reason=reason, **time.plan(now())
        )
        return started.run_if_few(begun)

    def told(operations):
        when = f" Due at {utc(time.due_at)}." if time.due_at is not None else ""
        return started.told("reschedule", operations, with_queues=True) + when

    queue = next(iter(queues)) if len(queues) == 1 else None
    return actions.perform("reschedule selected", act, told=told, back=back, queue=queue, queues=list(queues))


def _ask(page, template, verb, chosen, fault, back, **facts):
    actions.refuse_where_read_only(f"{verb} selected")
    meant = selection.possible(verb, chosen)
    if not meant:
        return selection.nothing_to_do(chosen, back)
    drawn = page.render(
        template,
        fault=fault,
        reason=actions.given_reason(),
        places=sorted(((queue, state, len(ids)) for (state, queue), ids in meant.items()), key=lambda one: -one[2]),
        matched=sum(map(len, meant.values())),
        queues=list(dict.fromkeys(queue for _, queue in meant)),
        ticked=request.form.getlist("task"),
        back=back,
        address=lambda: back,
        **facts,
    )
    return drawn, 400 if fault else 200
