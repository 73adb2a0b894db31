"""The trash: what operators deleted, and the way back."""

import functools

from flask import flash, redirect, request, url_for
from flask_admin import expose

from console import actions, paging, presenters, reading, seen, selection
from console.auth import may
from console.converters import from_segment
from console.current import engine, now, settings
from console.page import Page
from queue_core.errors import InvalidRequest


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
            typed_above=seen.TYPED_ABOVE,
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
            seen.confirm(engine().trash.size().tasks)
            return engine().trash.empty(not_after=seen.not_after(), actor=actor, reason=actions.given_reason())

        return actions.perform("empty_trash", act, told=_told_empty, back=actions.came_from(url_for(".index")))


def _queues(entry_ids):
    """Those from which the entries were deleted, as far as they are still here."""
    return {entry.queue for entry in engine().trash.get_all(entry_ids)}


def _queue(wanted):
    try:
        return from_segment(wanted) if wanted else None
    except ValueError as error:
        raise InvalidRequest("That is not a queue name: a ~ must be followed by two hexadecimal digits.") from error


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
