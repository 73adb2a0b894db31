"""Errors over all queues, by their cause and one by one: where the person on call begins."""

from flask import redirect, request, url_for
from flask_admin import expose

from console import actions, bundles, causes, elsewhere, filters, paging, reading, selection
from console.auth import may
from console.counts import totals
from console.current import engine, now, snapshot
from console.page import Page
from queue_core import states

MAX_ROWS = 100


class ErrorsPage(Page):
    icon = "errors"

    def __init__(self):
        super().__init__("Errors", endpoint="errors", url="/errors")

    @expose("/")
    @may("look")
    def index(self):
        """The error groups."""
        summary, wanted = reading.error_summary(), causes.WantedGroups.from_query(request.args)
        rows = causes.rows(summary, reading.error_notes(), reading.deploys(), now(), wanted.hours)
        found = [row for row in rows if wanted.holds(row)]
        ids = {row.id for row in found}
        groups = [group for group in summary.groups if group.id in ids] if summary and wanted.by != "cause" else []
        return self.render(
            "errors/index.html",
            summary=summary,
            rows=found[:MAX_ROWS],
            bundles=bundles.bundles(groups, wanted.by, wanted.hours, now())[:MAX_ROWS],
            ways=bundles.BY,
            found=len(found),
            gone=sum(not row.tasks for row in rows),
            known=snapshot_errors(snapshot()),
            wanted=wanted,
            most_known=engine().settings.max_error_group_tasks,
            now=now(),
        )

    @expose("/tasks")
    @may("look")
    def tasks(self):
        """The errors of all queues, one by one, as far as a query finds them."""
        query = filters.from_old_address()
        if query is not None:
            return redirect(paging.here(q=query, **dict.fromkeys(filters.OLD_NAMES)))
        chosen, counts = filters.Filter.of_request(), snapshot()
        page = self.render(
            "errors/tasks.html",
            **filters.drawn(chosen, counts, states.ERROR),
            known=snapshot_errors(counts),
            failing_queues=0 if counts is None else sum(bool(one.error) for one in counts.queues.values()),
        )
        return page, 400 if chosen.fault else 200

    @expose("/selected/retry", methods=["POST"])
    @may("operate")
    def retry_selected(self):
        return _selected("retry")

    @expose("/selected/delete", methods=["POST"])
    @may("operate")
    def delete_selected(self):
        return _selected("delete")

    @expose("/selected/move", methods=["POST"])
    @may("operate")
    def move_selected(self):
        return elsewhere.move(self, selection.ticked_by_queue(states.ERROR), back=actions.came_from(url_for(".tasks")))


def snapshot_errors(counts) -> int | None:
    return None if counts is None else counts.once(totals)[states.ERROR]


def _selected(verb):
    back = actions.came_from(url_for(".tasks"))
    return selection.perform(verb, selection.ticked_by_queue(states.ERROR), back=back)
