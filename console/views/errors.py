"""Errors over all queues, by their cause and one by one: where the person on call begins."""

from collections import Counter
from dataclasses import dataclass

from flask import request, url_for
from flask_admin import expose

from console import actions, causes, presenters, reading, selection
from console.auth import may
from console.current import engine, now, snapshot
from console.page import Page
from queue_core import states

MAX_QUEUES = 50
WINDOW = 200
MAX_GROUPS = 8
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
        rows = causes.rows(summary, engine().error_groups.notes(), engine().error_groups.deploys(), now(), wanted.hours)
        found = [row for row in rows if wanted.holds(row)]
        return self.render(
            "errors/index.html",
            summary=summary,
            rows=found[:MAX_ROWS],
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
        """The newest errors, one by one."""
        counts = snapshot()
        queues = newest_queues(counts)
        wanted = Wanted.from_request()
        window = reading.newest_errors(queues, limit=WINDOW)
        found = [row for row in window if wanted.holds(row)]
        return self.render(
            "errors/tasks.html",
            rows=[presenters.task_row(row) for row in found],
            window=len(window),
            known=snapshot_errors(counts),
            queues=[(queue, counts.queues[queue].error) for queue in queues[:MAX_GROUPS]],
            more_queues=max(0, len(queues) - MAX_GROUPS),
            exceptions=Counter(presenters.exception_of(row) for row in window).most_common(MAX_GROUPS),
            functions=Counter(presenters.function_of(row) for row in window).most_common(MAX_GROUPS),
            wanted=wanted,
            counts=counts,
            now=now(),
        )

    @expose("/selected/retry", methods=["POST"])
    @may("operate")
    def retry_selected(self):
        return _selected("retry")

    @expose("/selected/delete", methods=["POST"])
    @may("operate")
    def delete_selected(self):
        return _selected("delete")


@dataclass(frozen=True)
class Wanted:
    """The filters of the page; an empty text lets everything through."""

    queue: str
    func: str
    exc: str
    q: str

    @classmethod
    def from_request(cls) -> "Wanted":
        return cls(**{name: request.args.get(name, "").strip() for name in ("queue", "func", "exc", "q")})

    def __bool__(self) -> bool:
        return any((self.queue, self.func, self.exc, self.q))

    def holds(self, row) -> bool:
        return (
            _within(self.queue, presenters.visible(row.queue))
            and _within(self.func, presenters.function_of(row))
            and _within(self.exc, presenters.exception_of(row))
            and _within(self.q, presenters.words_of(row))
        )


def _within(part, text):
    return part.lower() in text.lower()


def newest_queues(counts) -> list[str]:
    """The queues with the newest errors, at most 50."""
    if counts is None:
        return []
    failing = [queue for queue, each in counts.queues.items() if each.error]
    return sorted(failing, key=lambda queue: -(counts.queues[queue].newest_error_at or 0))[:MAX_QUEUES]


def snapshot_errors(counts) -> int | None:
    return None if counts is None else sum(each.error or 0 for each in counts.queues.values())


def _selected(verb):
    back = actions.came_from(url_for(".tasks"))
    return selection.perform(verb, states.ERROR, selection.ticked_by_queue(), back=back)
