"""One task: what happened to it, and what can be done."""

from flask import redirect, request, url_for
from flask_admin import expose

from console import actions, comparison, detail, editing, links, reading
from console.auth import may
from console.current import engine, now, settings
from console.page import Page
from console.presenters import due_at, short_id, utc
from queue_core.errors import InvalidRequest

MAX_ACTS = 10


class Unreadable(InvalidRequest):
    """form: what was typed, with its fault; it goes back to whoever typed it."""

    def __init__(self, form):
        super().__init__(form.fault)
        self.form = form


class TasksPage(Page):
    in_menu = False

    def __init__(self):
        super().__init__("Tasks", endpoint="tasks", url="/queues/<name:queue>/tasks")

    @expose("/")
    @may("look")
    def index(self, queue):
        return redirect(url_for("queues.show", queue=queue))

    @expose("/<name:task_id>")
    @may("look")
    def show(self, queue, task_id):
        return self._page(reading.task(queue, task_id, whole=_is_whole()))

    @expose("/<name:task_id>/reveal", methods=["POST"])
    @may("reveal")
    def reveal(self, queue, task_id):
        def act(actor):
            seen = reading.revealed(queue, task_id, whole=_is_whole())
            # before anything is shown: without an entry, which a full Redis refuses, nobody sees it
            engine().audit.record(
                "reveal", actor=actor, queue=queue, task_id=task_id, reason=actions.given_reason(), outcome="done"
            )
            return seen

        return self._page(actions.attempt("reveal", act, queue=queue, task_id=task_id))

    @expose("/<name:task_id>/retry", methods=["POST"])
    @may("operate")
    def retry(self, queue, task_id):
        fresh = request.form.get("fresh_budget") == "yes"

        def act(actor):
            control = engine().control
            control.retry(queue, task_id, actor=actor, reason=actions.given_reason(), fresh_budget=fresh)

        return _answer("retry", act, queue, task_id, told="is queued again", otherwise=_task_url(queue, task_id))

    @expose("/<name:task_id>/delete", methods=["POST"])
    @may("operate")
    def delete(self, queue, task_id):
        def act(actor):
            return engine().control.delete(queue, _state(), task_id, actor=actor, reason=actions.given_reason())

        return _answer("delete", act, queue, task_id, told="is deleted", otherwise=_queue_url(queue), undo=_restore_url)

    @expose("/<name:task_id>/cancel", methods=["POST"])
    @may("operate")
    def cancel(self, queue, task_id):
        def act(actor):
            engine().control.cancel(queue, _state(), task_id, actor=actor, reason=actions.given_reason())

        return _answer("cancel", act, queue, task_id, told="is cancelled", otherwise=_queue_url(queue))

    @expose("/<name:task_id>/reschedule", methods=["POST"])
    @may("operate")
    def reschedule(self, queue, task_id):
        def act(actor):
            moment = _due_at()
            engine().control.reschedule(
                queue, _state(), task_id, due_at=moment, actor=actor, reason=actions.given_reason()
            )
            return moment

        return _answer("reschedule", act, queue, task_id, told=_told_due, otherwise=_task_url(queue, task_id))

    @expose("/<name:task_id>/move", methods=["POST"])
    @may("operate")
    def move(self, queue, task_id):
        to_queue = request.form.get("to_queue", "").strip()

        def act(actor):
            engine().control.move(
                queue, _state(), task_id, to_queue=to_queue, actor=actor, reason=actions.given_reason()
            )

        otherwise, told = _task_url(to_queue, task_id), f"is in {to_queue} now"
        return _answer("move", act, queue, task_id, told=told, otherwise=otherwise, queues=(queue, to_queue))

    @expose("/<name:task_id>/edit")
    @may("operate")
    def show_edit(self, queue, task_id):
        seen = reading.task(queue, task_id)
        return self._form(seen, editing.offered(seen.task))

    @expose("/<name:task_id>/edit", methods=["POST"])
    @may("operate")
    def edit(self, queue, task_id):
        def act(actor):
            original = reading.revealed(queue, task_id).task
            edited = editing.read(_arguments(), original, reading.masks())
            if isinstance(edited, editing.Arguments):
                raise Unreadable(edited)
            return engine().control.edit(
                queue, task_id, args=edited.args, kwargs=edited.kwargs, actor=actor, reason=actions.given_reason()
            )

        told = "This is the new task. The one it was made from is still there."
        try:
            return actions.perform("edit", act, told=told, back=_task_at(queue), queue=queue, task_id=task_id)
        except Unreadable as fault:
            return self._form(reading.task(queue, task_id), fault.form, actions.given_reason()), 400

    def _form(self, seen, form, reason=""):
        drawn = detail.drawn(seen.task)
        return self.render("tasks/edit.html", task=drawn, seen=seen, form=form, reason=reason, now=now())

    def _page(self, seen):
        acts = engine().audit.page(task_id=seen.task.id, limit=MAX_ACTS)
        drawn = detail.drawn(seen.task, whole=_is_whole())
        # the page may answer a form, to whose address nobody can go back
        here = _task_url(drawn.queue, drawn.id)
        more = {"address": lambda: here} if request.method == "POST" else {}
        return self.render(
            "tasks/show.html",
            task=drawn,
            seen=seen,
            acts=acts,
            now=now(),
            comparison=_comparison(seen),
            **_links(seen.task),
            **more,
        )


def _comparison(seen):
    return comparison.compared(seen.task.executions, request.args.get("compare", type=int))


def _links(task):
    chosen, names = settings(), {"task_id": task.id, "queue": task.queue}
    return {
        "links": links.of_task(chosen.integration_links, **names),
        "duty": links.duty(chosen.duties, queue=task.queue, func=task.func),
        "links_of_run": lambda run: links.of_run(
            chosen.execution_integration_links, **names, started_at=run.started_at, failed_at=run.failed_at
        ),
    }


def _arguments():
    return editing.Arguments(request.form.get("args", ""), request.form.get("kwargs", ""))


def _task_at(queue):
    return lambda task_id: _task_url(queue, task_id)


def _is_whole():
    return "whole" in request.args


def _answer(verb, act, queue, task_id, *, told, otherwise, queues=None, undo=None):
    def sentence(result):
        return f"Task {short_id(task_id)} {told(result) if callable(told) else told}."

    row = {"queue": queue, "task_id": task_id, "verb": verb}
    back = actions.came_from(otherwise)
    return actions.perform(
        verb, act, told=sentence, back=back, queue=queue, task_id=task_id, queues=queues, row=row, undo=undo
    )


def _restore_url(entry_id):
    return url_for("trash.restore", entry_id=entry_id) if entry_id else None


def _told_due(moment):
    return f"is due at {utc(moment)}"


def _state():
    return request.form.get("state", "")


def _due_at():
    """The moment asked for: so many seconds from now, or a date and time in UTC.  Raises InvalidRequest."""
    seconds = request.form.get("seconds", "")
    if seconds.isascii() and seconds.isdigit() and len(seconds) < 10:
        return now() + int(seconds)
    moment = due_at(request.form.get("due_at", ""))
    if moment is None:
        raise InvalidRequest("Give the new time as a date and a time in UTC, such as 2030-01-31T18:00.")
    return moment


def _task_url(queue, task_id):
    return url_for(".show", queue=queue, task_id=task_id)


def _queue_url(queue):
    return url_for("queues.show", queue=queue)
