"""The ticked tasks of a list, and one act on all of them as operations."""

from flask import flash, redirect, request

from console import actions, started
from console.converters import from_segment
from console.current import engine
from console.forms import given_pace
from console.presenters import number
from queue_core import states
from queue_core.errors import InvalidRequest

MAX_TICKED = 200
SOURCES = {
    "retry": (states.ERROR,),
    "delete": (states.ERROR, states.QUEUED, states.SCHEDULED),
    "move": (states.ERROR, states.QUEUED, states.SCHEDULED),
    "reschedule": (states.SCHEDULED,),
}
"""The states from which ticked tasks can be acted on."""

Places = dict[tuple[str, str], list[str]]
"""{(state, queue): ids} of what was ticked."""


def ticked() -> list[str]:
    """The ids that were ticked.  Raises InvalidRequest."""
    return [_name(value) for value in _values()]


def ticked_in(state: str, queue: str) -> Places:
    """The same for a list of one queue and state."""
    ids = ticked()
    return {(state, queue): ids} if ids else {}


def ticked_by_queue(state: str) -> Places:
    """The same for a list over several queues, all in one state, whose values are `queue/id`."""
    found = {}
    for value in _values():
        queue, _, task_id = value.partition("/")
        found.setdefault((state, _name(queue)), []).append(_name(task_id))
    return found


def ticked_places() -> Places:
    """The same for a list over several states too, whose values are `state/queue/id`."""
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


def possible(verb: str, chosen: Places) -> Places:
    """Those of them that the verb can act on."""
    return {place: ids for place, ids in chosen.items() if place[0] in SOURCES[verb]}


def perform(verb: str, chosen: Places, *, back: str, target: dict | None = None):
    """Retry, delete or move them; the answer goes back with a notice.  What the verb cannot act on is left alone.

    target: of a move, where it leads."""
    target = target or {}
    meant = possible(verb, chosen)
    # what is there already is left alone, unless it is all there is: that is refused
    meant = {place: ids for place, ids in meant.items() if place[1] != target.get("to_queue")} or meant
    if not meant:
        return nothing_to_do(chosen, back)

    def act(actor):
        how = given_pace() if verb == "retry" else target
        reason, rooms = actions.given_reason(), engine().operations
        return [
            rooms.run_small(rooms.start(verb, queue, state, actor=actor, reason=reason, task_ids=ids, **how))
            for (state, queue), ids in meant.items()
        ]

    left = sum(len(ids) for place, ids in chosen.items() if place not in meant)
    return actions.perform(
        f"{verb} selected",
        act,
        told=lambda done: _told(verb, done, left, target),
        back=back,
        queue=_only(meant),
        queues=[*_queues(meant), *target.values()],
        undo=started.undo_address,
    )


def nothing_to_do(chosen: Places, back: str):
    """The answer when none of the ticked tasks can be acted on."""
    which = " that this can act on" if chosen else ""
    flash(f"No task is ticked{which}, so nothing was changed.")
    return redirect(back, 303)


def _told(verb, operations, left, target):
    sentence = started.told(verb, operations, with_queues=True)
    there = "there already, or " if target else ""
    return sentence + (f" {number(left)} were left alone: {there}not in {' or '.join(SOURCES[verb])}." if left else "")


def _queues(chosen):
    return list(dict.fromkeys(queue for _, queue in chosen))


def _only(chosen):
    queues = _queues(chosen)
    return queues[0] if len(queues) == 1 else None
