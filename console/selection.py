"""The ticked tasks of a list, and one act on all of them as an operation."""

from flask import flash, redirect, request, url_for

from console import actions
from console.converters import from_segment
from console.current import engine
from console.forms import given_pace
from console.presenters import DONE_WORDS, number, plural
from queue_core.errors import InvalidRequest

MAX_TICKED = 200


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
        told=lambda done: told(verb, done),
        back=back,
        queue=queue,
        queues=chosen,
        undo=_undo_url,
    )


def _operation(verb, queue, state, ids, actor, pace):
    reason = actions.given_reason()
    operation = engine().operations.start(verb, queue, state, actor=actor, reason=reason, task_ids=ids, **pace)
    return engine().operations.run_small(operation)


def _undo_url(operations):
    # of several queues there are several operations, each with a page of its own
    operation = operations[0] if len(operations) == 1 else None
    if operation is None or not operation.to_trash or not operation.done or not operation.ended:
        return None
    return url_for("operations.undo", operation_id=operation.id)


def told(verb: str, operations: list) -> str:
    """What became of the ticked tasks, in a sentence."""
    if not all(operation.ended for operation in operations):
        return f"{plural(len(operations), 'operation is', 'operations are')} running; the sweeper carries them on."
    done = sum(operation.done for operation in operations)
    skipped = sum(operation.skipped for operation in operations)
    sentence = f"{plural(done, 'task')} {DONE_WORDS[verb]}"
    if len(operations) > 1:
        sentence += f" in {plural(len(operations), 'queue')}"
    if skipped:
        sentence += f"; {number(skipped)} skipped: moved or gone meanwhile"
    return sentence + "."
