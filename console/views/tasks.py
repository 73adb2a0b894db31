"""One task: what happened to it, and what can be done."""

from flask import redirect, request, url_for
from flask_admin import expose

from console import actions, detail
from console.auth import may
from console.current import engine, now
from console.page import Page
from console.presenters import due_at, short_id
from queue_core.errors import InvalidRequest

MAX_ACTS = 10


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
        whole = "whole" in request.args
        task = engine().browse.task(queue, task_id, whole=whole)
        acts = engine().audit.page(task_id=task_id, limit=MAX_ACTS)
        return self.render("tasks/show.html", task=detail.drawn(task, whole=whole), acts=acts, now=now())

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
            engine().control.delete(queue, _state(), task_id, actor=actor, reason=actions.given_reason())

        return _answer("delete", act, queue, task_id, told="is deleted", otherwise=_queue_url(queue))

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
            engine().control.reschedule(
                queue, _state(), task_id, due_at=_due_at(), actor=actor, reason=actions.given_reason()
            )

        return _answer("reschedule", act, queue, task_id, told="has a new time", otherwise=_task_url(queue, task_id))

    @expose("/<name:task_id>/move", methods=["POST"])
    @may("operate")
    def move(self, queue, task_id):
        to_queue = request.form.get("to_queue", "").strip()

        def act(actor):
            engine().control.move(
                queue, _state(), task_id, to_queue=to_queue, actor=actor, reason=actions.given_reason()
            )

        otherwise = _task_url(to_queue, task_id)
        return _answer("move", act, queue, task_id, told=f"is in {to_queue} now", otherwise=otherwise)


def _answer(verb, act, queue, task_id, *, told, otherwise):
    sentence = f"Task {short_id(task_id)} {told}."
    row = {"queue": queue, "task_id": task_id, "verb": verb}
    back = actions.came_from(otherwise)
    return actions.perform(verb, act, told=sentence, back=back, queue=queue, task_id=task_id, row=row)


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
