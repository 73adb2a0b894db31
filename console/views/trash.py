"""The trash: what operators deleted, and the way back."""

import functools
import math

from flask import flash, redirect, request, url_for
from flask_admin import expose

from console import actions, paging, presenters, reading, selection
from console.auth import may
from console.converters import from_segment
from console.current import engine, now, settings
from console.page import Page
from queue_core.errors import InvalidRequest

TYPED_ABOVE = 1000


class TrashPage(Page):
    icon = "trash"

    def __init__(self):
        super().__init__("Trash", endpoint="trash", url="/trash")

    @expose("/")
    @may("look")
    def index(self):
        wanted = request.args.get("queue", "").strip()
        page = engine().trash.page(queue=_queue(wanted), cursor=paging.cursor(), limit=settings().page_size)
        rows = [presenters.task_row(row) for row in reading.trashed(page.entries)]
        return self.render(
            "trash/index.html",
            lines=list(zip(page.entries, rows, strict=True)),
            pager=paging.onward(page.next_cursor, len(page.entries)),
            size=engine().trash.size(),
            limits=engine().settings,
            wanted=wanted,
            typed_above=TYPED_ABOVE,
            now=now(),
        )

    @expose("/<name:entry_id>/restore", methods=["POST"])
    @may("operate")
    def restore(self, entry_id):
        def act(actor):
            return engine().trash.restore(entry_id, actor=actor, reason=actions.given_reason())

        back = actions.came_from(url_for(".index"))
        return actions.perform("restore", act, told=_told_one, back=back, queues=lambda: _queues([entry_id]))

    @expose("/selected/restore", methods=["POST"])
    @may("operate")
    def restore_selected(self):
        back, entry_ids = actions.came_from(url_for(".index")), selection.ticked()
        if not entry_ids:
            flash("No task is ticked, so nothing was changed.")
            return redirect(back, 303)

        def act(actor):
            return engine().trash.restore_all(entry_ids, actor=actor, reason=actions.given_reason())

        queues = functools.partial(_queues, entry_ids)
        return actions.perform("restore selected", act, told=_told_many, back=back, queues=queues)

    @expose("/empty", methods=["POST"])
    @may("operate")
    def empty(self):
        def act(actor):
            _check_typed()
            return engine().trash.empty(not_after=_not_after(), actor=actor, reason=actions.given_reason())

        return actions.perform("empty_trash", act, told=_told_empty, back=actions.came_from(url_for(".index")))


def _queues(entry_ids):
    """Those from which the entries were deleted, as far as they are still here."""
    return {entry.queue for entry in engine().trash.get_all(entry_ids)}


def _queue(wanted):
    try:
        return from_segment(wanted) if wanted else None
    except ValueError as error:
        raise InvalidRequest("That is not a queue name: a ~ must be followed by two hexadecimal digits.") from error


def _not_after():
    not_after = request.form.get("not_after", type=float)
    if not_after is None or not math.isfinite(not_after):
        raise InvalidRequest("The form lacks the moment up to which entries are meant. Open the page again.")
    return not_after


def _check_typed():
    if engine().trash.size().tasks <= TYPED_ABOVE:
        return
    seen, typed = request.form.get("matched", ""), "".join(request.form.get("typed", "").split())
    if not typed or typed != seen:
        raise InvalidRequest("This frees many tasks for good. Type the number that the page shows to confirm.")


def _told_one(entry):
    return f"Task {presenters.short_id(entry.task_id)} is back in {entry.state} of {entry.queue or '(no name)'}."


def _told_many(results):
    refused = [result for result in results if isinstance(result, Exception)]
    sentence = f"{presenters.plural(len(results) - len(refused), 'task')} restored"
    if refused:
        sentence += f"; {presenters.number(len(refused))} not: {refused[0]}"
    return sentence if sentence.endswith(".") else f"{sentence}."


def _told_empty(freed):
    return f"The trash is emptied: {presenters.plural(freed, 'task')} gone for good."
