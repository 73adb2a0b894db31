"""Tasks of all queues and states, found by a query; and the field on top of every page, which leads there."""

from flask import redirect, request, url_for
from flask_admin import expose

from console import actions, elsewhere, filters, reading, selection
from console.auth import may
from console.current import engine, snapshot
from console.page import Page

LONGEST_NAME = 500


class SearchPage(Page):
    icon = "search"

    def __init__(self):
        super().__init__("Tasks", endpoint="search", url="/tasks")

    @expose("/")
    @may("look")
    def index(self):
        chosen, counts = filters.Filter.of_request(), snapshot()
        page = self.render("search/index.html", **filters.drawn(chosen, counts))
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
        return elsewhere.move(self, selection.ticked_places(), back=actions.came_from(url_for(".index")))


class JumpPage(Page):
    in_menu = False

    def __init__(self):
        super().__init__("Search", endpoint="jump", url="/search")

    @expose("/")
    @may("look")
    def index(self):
        """To the task of that id, the queue of that name, or all tasks in which the words stand."""
        words = request.args.get("q", "").strip()
        return redirect(_queue_url(words) or _task_url(words) or url_for("search.index", q=words or None), 303)


def _queue_url(words):
    counts = snapshot()
    known = counts is not None and words in counts.queues
    return url_for("queues.show", queue=words) if known else None


def _task_url(words):
    if not words or len(words) > LONGEST_NAME or any(sign.isspace() for sign in words):
        return None
    search = engine().search
    _, rows = reading.searched(search.query(f"id:{search.quoted(words)}"), snapshot(), cursor=None, limit=2)
    at = {(row.queue, row.id) for row in rows}
    return url_for("tasks.show", queue=rows[0].queue, task_id=rows[0].id) if len(at) == 1 else None


def _selected(verb):
    back = actions.came_from(url_for(".index"))
    return selection.perform(verb, selection.ticked_places(), back=back)
