"""What the API does: to one task, to a queue, to many tasks as an operation.  Each act goes through `actions`."""

from flask import url_for

from console import actions, reading
from console.api import shapes
from console.api.table import FLAG, NUMBER, TEXT, TEXTS, WHOLE, Field, post
from console.current import engine, now
from queue_core import states
from queue_core.errors import InvalidRequest, TaskNotFound

ROUTES = []
MOST_CHOSEN = 10_000

_REASON = {"reason": Field(TEXT, "why; it stands in the audit trail")}
_STATE = {"state": Field(TEXT, "where the task is; may be left out while it is in one state", choices=states.ALL)}
_TASK = "/queues/<name:queue>/tasks/<name:task_id>"
_OPERATION = "/operations/<name:operation_id>"
_LONGEST_SECONDS = 10 * 365 * 86_400
_VERBS = ("retry", "purge", "delete", "clear", "move", "reschedule")


# -- one task --
@post(ROUTES, path=f"{_TASK}/retry", what="Runs a failed task again", gives="Done", body={
    **_REASON, "fresh_budget": Field(FLAG, "forget the attempts so far; else one more is given"),
})  # fmt: skip
def retry(queue, task_id, reason, fresh_budget):
    def act(actor):
        engine().control.retry(queue, task_id, actor=actor, reason=_said(reason), fresh_budget=bool(fresh_budget))

    return _task_act("retry", act, queue, task_id)


@post(ROUTES, path=f"{_TASK}/delete", what="Deletes a task that is not active; it goes to the trash", gives="Done",
      body={**_STATE, **_REASON, "for_good": Field(FLAG, "skip the trash")})  # fmt: skip
def delete(queue, task_id, state, reason, for_good):
    def act(actor):
        where = _state_of(state, queue, task_id)
        engine().control.delete(queue, where, task_id, actor=actor, reason=_said(reason), to_trash=not for_good)

    return _task_act("delete", act, queue, task_id, stays=False)


@post(ROUTES, path=f"{_TASK}/cancel", what="Removes a task before it has begun; this is final", gives="Done",
      body={**_STATE, **_REASON})  # fmt: skip
def cancel(queue, task_id, state, reason):
    def act(actor):
        where = _state_of(state, queue, task_id)
        engine().control.cancel(queue, where, task_id, actor=actor, reason=_said(reason))

    return _task_act("cancel", act, queue, task_id, stays=False)


@post(ROUTES, path=f"{_TASK}/reschedule", what="Lets a scheduled or failed task become due at another time",
      gives="Done", body={
    **_STATE, **_REASON, "due_at": Field(NUMBER, "the new time, in Unix seconds"),
    "in_seconds": Field(NUMBER, "or so many seconds from now", least=0, most=_LONGEST_SECONDS),
})  # fmt: skip
def reschedule(queue, task_id, state, reason, due_at, in_seconds):
    def act(actor):
        where, moment = _state_of(state, queue, task_id), _one_moment(due_at, in_seconds, "due_at", "in_seconds")
        engine().control.reschedule(queue, where, task_id, due_at=moment, actor=actor, reason=_said(reason))

    return _task_act("reschedule", act, queue, task_id)


@post(ROUTES, path=f"{_TASK}/move", what="Puts a task that is not active into another queue", gives="Done",
      body={**_STATE, **_REASON, "to_queue": Field(TEXT, "where to", required=True)})  # fmt: skip
def move(queue, task_id, state, reason, to_queue):
    def act(actor):
        where = _state_of(state, queue, task_id)
        engine().control.move(queue, where, task_id, to_queue=to_queue, actor=actor, reason=_said(reason))

    actions.attempt("move", act, queue=queue, task_id=task_id, queues=(queue, to_queue))
    return shapes.done("move", to_queue, task_id, _task_url(to_queue, task_id))


# -- one queue --
@post(ROUTES, path="/queues/<name:queue>/pause", what="Lets no worker start anything from exactly this queue",
      gives="Queue", body={
    "reason": Field(TEXT, "why; the next person on call will ask", required=True),
    "until_at": Field(NUMBER, "when it ends, in Unix seconds; left out: when it is resumed"),
    "for_seconds": Field(NUMBER, "or after so many seconds", least=1, most=_LONGEST_SECONDS),
})  # fmt: skip
def pause(queue, reason, until_at, for_seconds):
    def act(actor):
        is_open = until_at is None and for_seconds is None
        until = None if is_open else _one_moment(until_at, for_seconds, "until_at", "for_seconds")
        engine().control.pause(queue, actor=actor, reason=_said(reason), until=until)

    actions.attempt("pause", act, queue=queue)
    return _queue(queue)


@post(ROUTES, path="/queues/<name:queue>/resume", what="Lifts the pause of a queue", gives="Queue", body=_REASON)
def resume(queue, reason):
    def act(actor):
        engine().control.resume(queue, actor=actor, reason=_said(reason))

    actions.attempt("resume", act, queue=queue)
    return _queue(queue)


# -- operations --
@post(ROUTES, path="/queues/<name:queue>/operations", gives="Operation", status=201, body={
    "verb": Field(TEXT, "retry, purge: of error; clear: of queued or scheduled; delete: chosen tasks; move: all but "
                  "active; reschedule: scheduled, error", required=True, choices=_VERBS),
    "state": Field(TEXT, "of which tasks; when left out error, of a reschedule scheduled", choices=states.ALL),
    "not_after": Field(NUMBER, "leave tasks with a later score alone, in Unix seconds; left out: now"),
    "task_ids": Field(TEXTS, f"only these, at most {MOST_CHOSEN}"),
    "rate": Field(NUMBER, "tasks a second; left out: as fast as it goes", least=0),
    "canary": Field(WHOLE, "so many of a retry go first, and the rest waits for them", least=0, most=100),
    "for_good": Field(FLAG, "skip the trash"),
    "query": Field(TEXT, "of a move or a reschedule: only those that it means, in the language of the search"),
    "to_queue": Field(TEXT, "where a move leads"),
    "shift_seconds": Field(NUMBER, "of a reschedule: so much later, or earlier when below 0"),
    "due_at": Field(NUMBER, "or due at that moment, in Unix seconds"),
    "spread_seconds": Field(NUMBER, "or one after the other over so long, from due_at on or from the first of them"),
    **_REASON,
}, what="Begins an operation on many tasks of a queue; up to 200 without rate and canary are done when it answers"
)  # fmt: skip
def start_operation(queue, verb, state, not_after, task_ids, rate, canary, for_good, query, reason, **plan):
    def act(actor):
        rooms = engine().operations
        if query and verb not in ("move", "reschedule"):
            raise InvalidRequest("Only a move or a reschedule takes a query here.")
        if verb == "delete" and task_ids is None:
            raise InvalidRequest("Name the tasks to delete in task_ids; for all of a state there are purge and clear.")
        started = rooms.start(
            verb,
            queue,
            state or (states.SCHEDULED if verb == "reschedule" else states.ERROR),
            actor=actor,
            reason=_said(reason),
            not_after=not_after,
            task_ids=task_ids,
            to_trash=not for_good,
            rate=rate or 0.0,
            canary=canary or 0,
            query=reading.checked_query(query or ""),
            masked_by=reading.rules() if query else (),
            **plan | {"to_queue": plan["to_queue"] or ""},
        )
        return rooms.run_small(started)

    queues = [queue, plan["to_queue"]] if plan["to_queue"] else [queue]
    return shapes.operation(actions.attempt(verb, act, queue=queue, queues=queues))


@post(ROUTES, path=f"{_OPERATION}/pause", what="Lets an operation stand still", gives="Operation", body=_REASON)
def pause_operation(operation_id, reason):
    def act(actor):
        engine().operations.pause(operation_id, actor=actor, reason=_said(reason))

    return _steer("pause_operation", act, operation_id)


@post(ROUTES, path=f"{_OPERATION}/resume", what="Lets an operation go on", gives="Operation", body=_REASON)
def resume_operation(operation_id, reason):
    def act(actor):
        engine().operations.resume(operation_id, actor=actor, reason=_said(reason))

    return _steer("resume_operation", act, operation_id)


@post(ROUTES, path=f"{_OPERATION}/rate", what="Gives an operation another rate", gives="Operation", body={
    "rate": Field(NUMBER, "tasks a second; 0: as fast as it goes", required=True, least=0),
})  # fmt: skip
def change_rate(operation_id, rate):
    def act(actor):
        engine().operations.change_rate(operation_id, rate, actor=actor)

    return _steer("change_rate", act, operation_id)


@post(ROUTES, path=f"{_OPERATION}/cancel", what="Cancels the rest of an operation", gives="Operation")
def cancel_operation(operation_id):
    def act(actor):
        engine().operations.cancel(operation_id, actor=actor)

    return _steer("cancel_operation", act, operation_id)


@post(ROUTES, path=f"{_OPERATION}/undo", what="Begins the operation that brings back what this one deleted or moved",
      gives="Operation", status=201, body=_REASON)  # fmt: skip
def undo_operation(operation_id, reason):
    def act(actor):
        rooms = engine().operations
        return rooms.run_small(rooms.undo(operation_id, actor=actor, reason=_said(reason)))

    undoing = actions.attempt("restore", act, queues=lambda: _queues(operation_id))
    return shapes.operation(undoing)


# -- searches --
@post(ROUTES, path="/searches", what="Begins a search of everything in the background", gives="Search", status=201,
      body={"query": Field(TEXT, "what to look for, see the query language", required=True), **_REASON})  # fmt: skip
def start_search(query, reason):
    def act(actor):
        search = engine().background.start(query, actor=actor, reason=_said(reason), masked_by=reading.rules())
        engine().audit.record("search", actor=actor, reason=_said(reason), outcome="done", query=search.query)
        return search

    queues = sorted(reading.query(query).queue_hint() or ()) or None
    return shapes.search(actions.attempt("search", act, queues=queues))


# -- deploys --
@post(ROUTES, path="/deploys", what="Notes that another version of the application went live now", gives="Deploy",
      status=201, body={"text": Field(TEXT, "which version, for people")})  # fmt: skip
def mark_deploy(text):
    def act(actor):
        return engine().error_groups.mark_deploy(text or "", actor=actor)

    return shapes.deploy(actions.attempt("deploy mark", act))


# -- inside --
def _task_act(verb, act, queue, task_id, *, stays=True):
    actions.attempt(verb, act, queue=queue, task_id=task_id)
    return shapes.done(verb, queue, task_id, _task_url(queue, task_id) if stays else None)


def _steer(verb, act, operation_id):
    actions.attempt(verb, act, queues=lambda: _queues(operation_id))
    return shapes.operation(engine().operations.get(operation_id))


def _queues(operation_id):
    return engine().operations.get(operation_id).queues


def _queue(queue):
    return shapes.queue(queue, engine().browse.sizes(queue), engine().control.pause_of(queue))


def _state_of(state, queue, task_id):
    """The state that was named, or the only one that the task is in."""
    if state:
        return state
    found = engine().browse.states(queue, task_id)
    if not found:
        raise TaskNotFound(task_id=task_id, queue=queue)
    if len(found) > 1:
        raise InvalidRequest(f"The task is in {' and '.join(found)}; name the state.")
    return found[0]


def _one_moment(at, seconds, name_at, name_seconds):
    if (at is None) == (seconds is None):
        raise InvalidRequest(f"Give {name_at} or {name_seconds}.")
    return now() + seconds if at is None else at


def _said(reason) -> str:
    return (reason or "").strip()[: actions.MAX_REASON_CHARACTERS]


def _task_url(queue, task_id):
    return url_for("api.task", queue=queue, task_id=task_id)
