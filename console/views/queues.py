"""All queues as a list; one queue: its tasks by state, and its pause."""

import math

from flask import redirect, render_template, request, url_for
from flask_admin import expose

from console import actions, elsewhere, paces, paging, presenters, queue_list, reading, selection
from console.auth import may
from console.current import engine, now, recent, settings, snapshot
from console.live import fragment
from console.page import Page
from queue_core import states
from queue_core.errors import InvalidRequest

STATES = f"any({','.join(states.ALL)})"
IN_ORDER = tuple(presenters.STATE_WORDS)
MAX_PAUSE_SECONDS = 30 * 86400


class QueuesPage(Page):
    icon = "queues"

    def __init__(self):
        super().__init__("Queues", endpoint="queues", url="/queues")

    @expose("/")
    @may("look")
    def index(self):
        counted = snapshot()
        if counted is None:
            return self.render("queues/index.html", list=None)
        chosen = queue_list.Choice.of(request.args)
        drawn = queue_list.listed(counted, now(), chosen)
        serving = engine().workers.serving([row.queue for row in drawn.rows])
        lately = recent()
        rows = {row.queue: paces.row(lately and lately.of(row.queue), lately and lately.watched) for row in drawn.rows}
        return self.render(
            "queues/index.html", list=drawn, choice=chosen, serving=serving, lately=lately, paces=rows, now=now()
        )

    @expose("/<name:queue>")
    @may("look")
    def show(self, queue):
        sizes = engine().browse.sizes(queue)
        state = next((state for state in IN_ORDER if sizes[state]), states.ERROR)
        return redirect(url_for(".tasks", queue=queue, state=state))

    @expose(f"/<name:queue>/<{STATES}:state>")
    @may("look")
    def tasks(self, queue, state):
        page = reading.page(queue, state, cursor=paging.cursor(), limit=settings().page_size)
        rows = [presenters.task_row(row) for row in page.rows]
        return self.render("queues/show.html", rows=rows, pager=paging.pager(page), **_head(queue, state, now()))

    @expose(f"/<name:queue>/<{STATES}:state>/live")
    @may("look")
    def live(self, queue, state):
        facts = _head(queue, state, _since())
        return fragment(render_template("queues/_live.html", **facts))

    @expose("/<name:queue>/pause", methods=["POST"])
    @may("operate")
    def pause(self, queue):
        def act(actor):
            reason = actions.given_reason()
            if not reason:
                raise InvalidRequest("A pause needs a reason: whoever finds it wants to know why.")
            engine().control.pause(queue, actor=actor, reason=reason, until=_until())

        back = actions.came_from(url_for(".show", queue=queue))
        return actions.perform("pause", act, told=f"{queue} is paused.", back=back, queue=queue)

    @expose("/<name:queue>/resume", methods=["POST"])
    @may("operate")
    def resume(self, queue):
        def act(actor):
            engine().control.resume(queue, actor=actor, reason=actions.given_reason())

        back = actions.came_from(url_for(".show", queue=queue))
        return actions.perform("resume", act, told=f"{queue} runs again.", back=back, queue=queue)

    @expose(f"/<name:queue>/<any({states.ERROR}):state>/selected/retry", methods=["POST"])
    @may("operate")
    def retry_selected(self, queue, state):
        return _selected("retry", queue, state)

    @expose(f"/<name:queue>/<{STATES}:state>/selected/delete", methods=["POST"])
    @may("operate")
    def delete_selected(self, queue, state):
        return _selected("delete", queue, state)

    @expose(f"/<name:queue>/<{STATES}:state>/selected/move", methods=["POST"])
    @may("operate")
    def move_selected(self, queue, state):
        back = actions.came_from(url_for(".tasks", queue=queue, state=state))
        return elsewhere.move(self, selection.ticked_in(state, queue), back=back)


def _selected(verb, queue, state):
    back = actions.came_from(url_for(".tasks", queue=queue, state=state))
    return selection.perform(verb, selection.ticked_in(state, queue), back=back)


def _head(queue, state, since):
    """What the head of the page shows.  newer: tasks that came into the state after `since`."""
    sizes = engine().browse.sizes(queue)
    newer = sizes[state] - engine().operations.count(queue, state, since) if state == states.ERROR else 0
    return {
        "queue": queue,
        "state": state,
        "now": now(),
        "since": since,
        "newer": max(0, newer),
        "tabs": [(each, sizes[each]) for each in IN_ORDER],
        "pause": engine().control.pause_of(queue),
    }


def _since():
    since = request.args.get("since", default=math.nan, type=float)
    return since if math.isfinite(since) else now()


def _until():
    seconds = request.form.get("seconds", "")
    if not seconds:
        return None
    if not seconds.isascii() or not seconds.isdigit() or not 0 < int(seconds) <= MAX_PAUSE_SECONDS:
        raise InvalidRequest("A pause lasts between one second and 30 days, or until it is resumed.")
    return now() + int(seconds)
