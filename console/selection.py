"""The ticked tasks of a list, and one act on all of them as an operation."""

from flask import flash, redirect, request, url_for

from console import actions, started
from console.converters import from_segment
from console.current import engine
from console.forms import given_pace, given_target
from console.presenters import number
from queue_core import states
from queue_core.errors import InvalidRequest

MAX_TICKED = 200
SOURCES = {
    "retry": (states.ERROR,),
    "delete": (states.ERROR, states.QUEUED, states.SCHEDULED),
    "move": (states.ERROR, states.QUEUED, states.SCHEDULED),
}
"""The states from which ticked tasks can be acted on."""


def ticked() -> list[str]:
    """The ids that were ticked.  Raises InvalidRequest."""
    return [_name(value) for value in _values()]


def ticked_by_queue() -> dict[str, list[str]]:
    """The same for a list over several queues, whose values are `queue/id`.  Raises InvalidRequest."""
    found = {}
    for value in _values():
        queue, _, task_id = value.partition("/")
        found.setdefault(_name(queue), []).append(_name(task_id))
    return found


def ticked_places() -> dict[tuple[str, str], list[str]]:
    """The same for a list over several states too, whose values are `state/queue/id`: {(state, queue): ids}."""
    found = {}
    for value in _values():
        state, _, rest = value.partition("/")
        queue, _, task_id = rest.partition("/")
        found.setdefault((states.known(state), _name(queue)), []).append(_name(task_id))
    return found


def _values():
    values = request.form.getlist("task")
    if len(values) > MAX_TICKED:
        raise InvalidRequest(f"At most {MAX_TICKED} tasks can be ticked; use Retry all for more.")
    return values


def _name(segment):
    try:
        return from_segment(segment)
    except ValueError as error:
        raise InvalidRequest("One of the ticked tasks has no readable id.") from error


def perform(verb: str, state: str, chosen: dict[str, list[str]], *, back: str):
    """Retry or delete the chosen tasks, {queue: ids}, all in one state; the answer goes back with a notice."""
    if not chosen:
        flash("No task is ticked, so nothing was changed.")
        return redirect(back, 303)

    def act(actor):
        pace = given_pace() if verb == "retry" else {}
        return [_operation(verb, queue, state, ids, actor, pace) for queue, ids in chosen.items()]

    queue = next(iter(chosen)) if len(chosen) == 1 else None
    return actions.perform(
        f"{verb} selected",
        act,
        told=lambda done: started.told(verb, done, with_queues=True),
        back=back,
        queue=queue,
        queues=chosen,
        undo=_undo_url,
    )


def move(page, chosen: dict[tuple[str, str], list[str]], *, back: str):
    """The form that asks where the ticked tasks, {(state, queue): ids}, are to go; once it says so, they are moved.

    Where they cannot go, it comes back with its ticks and what was typed: there is no address to get it from."""
    fault = None
    if "to_queue" in request.form:
        try:
            return perform_places("move", chosen, back=back)
        except InvalidRequest as error:
            # of the queue that was typed: the ticks were read before
            fault = str(error)
    possible = {place: ids for place, ids in chosen.items() if place[0] in SOURCES["move"]}
    if not possible:
        flash("No task is ticked that can be moved, so nothing was changed.")
        return redirect(back, 303)
    places = sorted(((queue, state, len(ids)) for (state, queue), ids in possible.items()), key=lambda one: -one[2])
    drawn = page.render(
        "bulk/ticked.html",
        fault=fault,
        reason=actions.given_reason(),
        **given_target(),
        places=places,
        matched=sum(map(len, possible.values())),
        queues=list(dict.fromkeys(queue for _, queue in possible)),
        ticked=request.form.getlist("task"),
        back=back,
        address=lambda: back,
    )
    return drawn, 400 if fault else 200


def perform_places(verb: str, chosen: dict[tuple[str, str], list[str]], *, back: str):
    """The same for tasks of several states, {(state, queue): ids}; those that the verb cannot act on are left alone."""
    target = given_target() if verb == "move" else {}
    possible = {place: ids for place, ids in chosen.items() if place[0] in SOURCES[verb]}
    # what is there already is left alone, unless it is all there is: that is refused
    possible = {place: ids for place, ids in possible.items() if place[1] != target.get("to_queue")} or possible
    left = sum(len(ids) for place, ids in chosen.items() if place not in possible)
    if not possible:
        flash("No task is ticked that this can act on, so nothing was changed.")
        return redirect(back, 303)

    def act(actor):
        how = given_pace() if verb == "retry" else target
        return [_operation(verb, queue, state, ids, actor, how) for (state, queue), ids in possible.items()]

    def tell(done):
        sources, there = " or ".join(SOURCES[verb]), "there already, or " if target else ""
        sentence = started.told(verb, done, with_queues=True)
        return sentence + (f" {number(left)} were left alone: {there}not in {sources}." if left else "")

    queues = list(dict.fromkeys(queue for _, queue in possible))
    queue = queues[0] if len(queues) == 1 else None
    queues += target.values()
    return actions.perform(f"{verb} selected", act, told=tell, back=back, queue=queue, queues=queues, undo=_undo_url)


def _operation(verb, queue, state, ids, actor, how):
    reason = actions.given_reason()
    operation = engine().operations.start(verb, queue, state, actor=actor, reason=reason, task_ids=ids, **how)
    return engine().operations.run_small(operation)


def _undo_url(operations):
    # of several queues there are several operations, each with a page of its own
    operation = operations[0] if len(operations) == 1 else None
    if operation is None or not operation.to_trash or not operation.done or not operation.ended:
        return None
    return url_for("operations.undo", operation_id=operation.id)
