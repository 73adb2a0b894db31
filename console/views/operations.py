"""Operations: acts on many tasks, how far they are, and what became of them."""

from flask import render_template, request, url_for
from flask_admin import expose

from console import actions, paging, started
from console.auth import may
from console.current import engine, now
from console.forms import given_pace, given_rate
from console.live import fragment
from console.page import Page
from console.presenters import number, plural
from queue_core.errors import OperationEnded, OperationNotFound

NEWEST = 50
MOST_ACTS = 20


class OperationsPage(Page):
    icon = "operations"

    def __init__(self):
        super().__init__("Operations", endpoint="operations", url="/operations")

    @expose("/")
    @may("look")
    def index(self):
        rooms, limits = engine().operations, engine().settings
        page = rooms.page(cursor=paging.cursor(), limit=NEWEST)
        return self.render(
            "operations/index.html",
            operations=page.operations,
            pager=paging.onward(page.next_cursor, len(page.operations)),
            reaches_back_to=rooms.reaches_back_to(),
            keep_seconds=limits.operation_keep_seconds,
            most=limits.max_operations,
            now=now(),
        )

    @expose("/<name:operation_id>")
    @may("look")
    def show(self, operation_id):
        try:
            operation = engine().operations.get(operation_id)
        except OperationNotFound:
            if not operation_id:
                raise
            return self._gone(operation_id), 404
        together = engine().operations.together(operation)
        newest = engine().operations.newest(limit=NEWEST) if _may_have_led_on(operation) else ()
        return self.render(
            "operations/show.html",
            operation=operation,
            together=together,
            several=len(together.operations) > 1,
            to_undo=engine().operations.left_to_undo(operation),
            why_not_undone=engine().operations.why_not_undone(operation),
            undone_by=[one for one in newest if one.undoes == operation_id],
            retried_by=[one for one in newest if one.retries == operation_id],
            now=now(),
        )

    def _gone(self, operation_id):
        """What is still known of an operation without a record: its acts in the audit trail."""
        trail = engine().audit.page(limit=MOST_ACTS, operation_id=operation_id)
        limits = engine().settings
        return self.render(
            "operations/gone.html",
            operation_id=operation_id,
            acts=trail.entries,
            looks_on=trail.next_cursor is not None,
            keep_seconds=limits.operation_keep_seconds,
            most=limits.max_operations,
            now=now(),
        )

    @expose("/<name:operation_id>/progress")
    @may("look")
    def progress(self, operation_id):
        operation = engine().operations.get(operation_id)
        together = engine().operations.together(operation)
        several = len(together.operations) > 1
        is_whole = several and request.args.get("part") != "one"
        template = "operations/_whole.html" if is_whole else "operations/_one.html"
        return fragment(render_template(template, operation=operation, together=together, several=several, now=now()))

    @expose("/<name:operation_id>/pause", methods=["POST"])
    @may("operate")
    def pause(self, operation_id):
        def act(actor):
            _each(operation_id, lambda one: engine().operations.pause(one, actor=actor, reason=actions.given_reason()))

        return self._done("pause_operation", operation_id, act, "The operation is paused. What it did stays done.")

    @expose("/<name:operation_id>/resume", methods=["POST"])
    @may("operate")
    def resume(self, operation_id):
        def act(actor):
            _each(operation_id, lambda one: engine().operations.resume(one, actor=actor, reason=actions.given_reason()))

        return self._done("resume_operation", operation_id, act, "The operation goes on.")

    @expose("/<name:operation_id>/rate", methods=["POST"])
    @may("operate")
    def change_rate(self, operation_id):
        def act(actor):
            meant = _meant(operation_id)
            if len(meant) > 1:
                engine().operations.share_rate(meant, given_rate(), actor=actor)
            else:
                engine().operations.change_rate(operation_id, given_rate(), actor=actor)

        return self._done("change_rate", operation_id, act, "The operation has another rate from now on.")

    @expose("/<name:operation_id>/undo", methods=["POST"])
    @may("operate")
    def undo(self, operation_id):
        # what was done in several queues at once is undone at once
        ids = [operation_id, *request.args.getlist("also")[: started.MOST_UNDONE - 1]]

        def act(actor):
            rooms, reason = engine().operations, actions.given_reason()
            # one of which nothing is left must not keep the others from being undone; if that is all, it says why
            meant = [one for one in ids if rooms.left_to_undo(rooms.get(one))] or ids
            return [rooms.run_small(rooms.undo(one, actor=actor, reason=reason)) for one in meant]

        return actions.perform(
            "undo",
            act,
            told=_told_undone,
            back=started.first_page,
            queues=lambda: [queue for one in ids for queue in engine().operations.get(one).queues],
        )

    @expose("/<name:operation_id>/failed")
    @may("operate")
    def preview_failed(self, operation_id):
        operation = engine().operations.get(operation_id)
        matched = len(engine().operations.failed_part(operation_id))
        return self.render("operations/failed.html", operation=operation, matched=matched, now=now())

    @expose("/<name:operation_id>/failed", methods=["POST"])
    @may("operate")
    def retry_failed(self, operation_id):
        def act(actor):
            retried = engine().operations.retry_failed(
                operation_id, actor=actor, reason=actions.given_reason(), **given_pace()
            )
            return engine().operations.run_small(retried)

        return actions.perform(
            "retry failed",
            act,
            told="What failed again is being retried.",
            back=_its_url,
            queues=lambda: _queues(operation_id),
        )

    @expose("/<name:operation_id>/cancel", methods=["POST"])
    @may("operate")
    def cancel(self, operation_id):
        def act(actor):
            _each(operation_id, lambda one: engine().operations.cancel(one, actor=actor))

        told = "The operation is cancelled. What it did so far stays done."
        return self._done("cancel_operation", operation_id, act, told)

    def _done(self, verb, operation_id, act, told):
        back = url_for(".show", operation_id=operation_id)
        return actions.perform(verb, act, told=told, back=back, queues=lambda: _queues(operation_id))


def _queues(operation_id):
    rooms = engine().operations
    return [queue for one in _meant(operation_id) for queue in rooms.get(one).queues]


def _each(operation_id, steer):
    meant = _meant(operation_id)
    for one in meant:
        try:
            steer(one)
        except OperationEnded:
            if len(meant) == 1:
                raise


def _meant(operation_id):
    """The operation, or those of its act that have not ended when the form is about all of them."""
    if request.form.get("together") != "yes":
        return [operation_id]
    rooms = engine().operations
    return [one.id for one in rooms.together(rooms.get(operation_id)).open] or [operation_id]


def _told_undone(undoings):
    if not all(one.ended for one in undoings):
        return "It is being undone; the sweeper carries it on."
    done, skipped = sum(one.done for one in undoings), sum(one.skipped for one in undoings)
    word, why = ("moved back", "skipped: moved, gone or changed meanwhile")
    if not undoings[0].takes_back:
        word, why = "restored", "stay in the trash"
    return f"{plural(done, 'task')} {word}" + (f"; {number(skipped)} {why}." if skipped else ".")


def _may_have_led_on(operation):
    """Whether another operation may have undone it, or retried what failed again."""
    return operation.outcomes.failed or (operation.ended and operation.done and operation.verb == "move")


def _its_url(operation):
    return url_for(".show", operation_id=operation.id)
