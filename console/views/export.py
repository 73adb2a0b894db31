"""Tasks as a file to download: with their secrets hidden for everybody, whole for those who may reveal them."""

import itertools
import math
import shlex

from flask import Response, redirect, request, url_for
from flask_admin import expose

from console import actions, reading, selection
from console.auth import may
from console.current import engine, now
from console.page import Page
from console.presenters import visible
from queue_core import states
from queue_core.errors import InvalidRequest

STATES = f"any({','.join(states.ALL)})"


class ExportPage(Page):
    """Of one queue: a state, up to a moment, or the ticked tasks."""

    in_menu = False

    def __init__(self):
        super().__init__("Export", endpoint="export", url="/queues/<name:queue>/export")

    @expose("/")
    @may("look")
    def index(self, queue):
        return redirect(url_for("queues.show", queue=queue))

    @expose(f"/<{STATES}:state>")
    @may("look")
    def show(self, queue, state):
        not_after = _not_after(request.args)
        count = engine().operations.count(queue, state, not_after)
        command = None if not_after else f"signalbox export {shlex.quote(visible(queue))} {state} > {state}.jsonl"
        return self.render(
            "export/show.html", queue=queue, state=state, not_after=not_after, count=count, command=command, now=now()
        )

    @expose(f"/<{STATES}:state>/masked.jsonl")
    @may("look")
    def masked(self, queue, state):
        return _file(reading.masked(_all(queue, state, request.args)), f"{state}-masked.jsonl")

    @expose(f"/<{STATES}:state>/whole.jsonl", methods=["POST"])
    @may("reveal")
    def whole(self, queue, state):
        not_after = _not_after(request.form)
        count = engine().operations.count(queue, state, not_after)

        def act(actor):
            _record(actor, queue=queue, state=state, matched=count, not_after=not_after)
            return _file(_all(queue, state, request.form), f"{state}.jsonl")

        return actions.attempt("export", act, queue=queue)

    @expose(f"/<{STATES}:state>/selected.jsonl", methods=["POST"])
    @may("look")
    def selected(self, queue, state):
        ids = selection.ticked()
        if not ids:
            raise InvalidRequest("No task is ticked, so there is nothing to export.")
        places = [(queue, task_id) for task_id in ids]
        return _file(reading.masked(engine().task_files.export_tasks(places, state)), f"{state}-masked.jsonl")


class GroupExportPage(Page):
    """Of one error group: its tasks that are known by id, the newest failure first."""

    in_menu = False

    def __init__(self):
        super().__init__("Export", endpoint="group_export", url="/errors/groups/<name:group_id>/export")

    @expose("/")
    @may("look")
    def index(self, group_id):
        return self.render("export/group.html", group=reading.error_group(group_id), now=now())

    @expose("/masked.jsonl")
    @may("look")
    def masked(self, group_id):
        reading.error_group(group_id)
        return _file(reading.masked(_of_group(group_id)), "error-group-masked.jsonl")

    @expose("/whole.jsonl", methods=["POST"])
    @may("reveal")
    def whole(self, group_id):
        group = reading.error_group(group_id)

        def act(actor):
            _record(actor, state=states.ERROR, matched=group.tasks, group=group_id)
            return _file(_of_group(group_id), "error-group.jsonl")

        # its tasks may be in any queue
        return actions.attempt("export", act)


def _all(queue, state, given):
    return engine().task_files.export(queue, state, not_after=_not_after(given))


def _of_group(group_id):
    return engine().task_files.export_tasks(_places(engine().error_groups, group_id), states.ERROR)


def _places(groups, group_id):
    cursor, more = None, True
    while more:
        page = groups.tasks(group_id, cursor=cursor, limit=200)
        yield from ((queue, task_id) for queue, task_id, _ in page.tasks)
        cursor, more = page.next_cursor, page.next_cursor is not None


def _record(actor, **facts):
    # before anything is sent: without an entry, which a full Redis refuses, nobody gets it
    engine().audit.record("export", actor=actor, outcome="done", reason=actions.given_reason(), **facts)


def _file(tasks, name):
    """The tasks as a file that is sent while they are read."""
    # the first is read here: when Redis is away the answer says so, and is not an empty file
    first = list(itertools.islice(tasks, 1))
    lines = (one.encode() for one in itertools.chain(first, tasks))
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Accel-Buffering": "no"}
    return Response(lines, content_type="application/jsonl", headers=headers)


def _not_after(given):
    moment = given.get("not_after", type=float)
    return moment if moment is not None and math.isfinite(moment) else None
