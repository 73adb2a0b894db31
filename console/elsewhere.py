"""The ticked tasks of a list led elsewhere: the form that asks where, and the act once it is said."""

from flask import request

from console import actions, selection
from console.forms import given_target
from console.selection import Places
from queue_core.errors import InvalidQueueName


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


def _ask(page, template, verb, chosen, fault, back, **facts):
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
