"""The one seam for writes by people: allowed? do, record a refusal or a failure, tell.

What is done is recorded by the script that does it; here only what did not happen.
"""

from flask import abort, flash, redirect, render_template, request

from console import refusals
from console.auth import current_actor, require, safe_next
from console.current import settings
from console.presenters import shortened, visible
from queue_core.errors import InvalidRequest, MovedOn

MAX_NOTICE_CHARACTERS = 300
MAX_REASON_CHARACTERS = 500
UNDO = "undo"
"""Begins the category of a notice whose act can be undone; the address follows."""
READ_ONLY = "This console is read-only: it looks and changes nothing."


def perform(verb: str, act, *, told, back, queue=None, task_id=None, queues=None, row=None, undo=None):
    """The answer after one act.

    act: called with the actor.  queues: all that it touches, or a function that gives them; else `queue`; an act that
    names none needs its right on all queues.  told: the notice, a text or a function of what `act` gave.  back: where
    to go on, an address or a function of it.  undo: a function of it too, where its undoing is posted to or None.  row:
    for requests by htmx, what the template of a row that was acted on needs.

    Raises what `act` raises, recorded; 403 in a read-only console, and without the right on one of the queues."""
    result = attempt(verb, act, queue=queue, task_id=task_id, queues=queues)
    # shortened, since it travels in the session's cookie, and browsers refuse large ones
    notice = shortened(told(result) if callable(told) else told, MAX_NOTICE_CHARACTERS)
    if request.htmx and row is not None:
        return render_template("tasks/_acted.html", notice=notice, **row), 200, {"Vary": "HX-Request"}
    address = undo(result) if undo else None
    flash(notice, f"{UNDO} {address}" if address else "message")
    return redirect(back(result) if callable(back) else back, 303)


def attempt(verb: str, act, *, queue=None, task_id=None, queues=None):
    """What `act` gives, called with the actor.  Raises as `perform`."""
    actor = current_actor()
    refuse_where_read_only(verb, queue, task_id)
    try:
        require(verb, _touched(queue, queues), task_id)
        return act(actor)
    except (InvalidRequest, MovedOn) as error:
        _record(verb, actor, "failed", str(error), queue, task_id)
        raise


def refuse_where_read_only(verb: str, queue=None, task_id=None) -> None:
    """Before whatever is posted, also what only asks further: 403 in a read-only console, recorded."""
    if settings().read_only:
        _record(verb, current_actor(), "refused", "read-only console", queue, task_id)
        abort(403, description=READ_ONLY)


def _touched(queue, queues):
    if callable(queues):
        queues = queues()
    if queues is None:
        return None if queue is None else [queue]
    return list(queues)


def _record(verb, actor, outcome, why, queue, task_id):
    refusals.record(verb, actor=actor, queue=queue, task_id=task_id, outcome=outcome, error=visible(why))


def came_from(otherwise: str) -> str:
    """The address of the form's page as the form tells it; `otherwise` when it tells none."""
    address = request.form.get("back")
    return safe_next(address) if address else otherwise


def given_reason() -> str:
    """The reason a person typed, at most 500 characters."""
    return request.form.get("reason", "").strip()[:MAX_REASON_CHARACTERS]


def undo_of(category: str) -> str | None:
    """Where the undoing of what a notice tells is posted to."""
    word, _, address = category.partition(" ")
    return address if word == UNDO else None
