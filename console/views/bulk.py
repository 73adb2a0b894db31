"""Acts on all tasks of a queue: first a preview with a frozen cut-off, then the operation."""

from dataclasses import dataclass

from flask import redirect, request, url_for
from flask_admin import expose

from console import actions, presenters, reading, seen
from console.auth import may
from console.current import engine, now
from console.forms import given_pace, given_rate, given_target
from console.page import Page
from queue_core import states

DAY_SECONDS = 86400
MOST_DAYS = 36_500


@dataclass(frozen=True)
class Kind:
    """A verb on a whole queue. destroys: what it touches goes to the trash or away for good.

    is_typed: above 1,000 tasks their number is to be typed."""

    verb: str
    title: str
    destroys: bool
    is_typed: bool


RETRY = Kind("retry", "Retry all", False, False)
PURGE = Kind("purge", "Purge old errors", True, True)
CLEAR = Kind("clear", "Clear", True, True)
MOVE = Kind("move", "Move all to another queue", False, True)
MOVABLE = f"any({states.ERROR},{states.QUEUED},{states.SCHEDULED})"


class BulkPage(Page):
    in_menu = False

    def __init__(self):
        super().__init__("All tasks", endpoint="bulk", url="/queues/<name:queue>/all")

    @expose("/")
    @may("look")
    def index(self, queue):
        return redirect(url_for("queues.show", queue=queue))

    @expose("/retry")
    @may("operate")
    def preview_retry(self, queue):
        return self._preview(RETRY, queue, states.ERROR, now())

    @expose("/retry", methods=["POST"])
    @may("operate")
    def retry(self, queue):
        return _start(RETRY, queue, states.ERROR)

    @expose("/purge")
    @may("operate")
    def preview_purge(self, queue):
        typed = request.args.get("older_than", default=7 * DAY_SECONDS, type=int)
        older_than = min(max(0, typed), MOST_DAYS * DAY_SECONDS)
        return self._preview(PURGE, queue, states.ERROR, now() - older_than, older_than=older_than)

    @expose("/purge", methods=["POST"])
    @may("operate")
    def purge(self, queue):
        return _start(PURGE, queue, states.ERROR)

    @expose(f"/clear/<any({states.QUEUED},{states.SCHEDULED}):state>")
    @may("operate")
    def preview_clear(self, queue, state):
        return self._preview(CLEAR, queue, state, None if state == states.SCHEDULED else now())

    @expose(f"/clear/<any({states.QUEUED},{states.SCHEDULED}):state>", methods=["POST"])
    @may("operate")
    def clear(self, queue, state):
        return _start(CLEAR, queue, state)

    @expose(f"/move/<{MOVABLE}:state>")
    @may("operate")
    def preview_move(self, queue, state):
        return self._preview(MOVE, queue, state, None if state == states.SCHEDULED else now())

    @expose(f"/move/<{MOVABLE}:state>", methods=["POST"])
    @may("operate")
    def move(self, queue, state):
        return _start(MOVE, queue, state)

    def _preview(self, kind, queue, state, not_after, **more):
        impact = reading.impact(queue, state, not_after)
        matched = impact.matched
        return self.render(
            "bulk/show.html",
            kind=kind,
            queue=queue,
            state=state,
            not_after=not_after,
            matched=matched,
            impact=impact,
            samples=[presenters.task_row(row) for row in impact.samples],
            in_state=engine().browse.sizes(queue)[state],
            must_type=kind.is_typed and matched > seen.TYPED_ABOVE,
            now=now(),
            **more,
        )


def _start(kind, queue, state):
    target = given_target() if kind is MOVE else {}

    def act(actor):
        not_after = _not_after(state)
        if kind.is_typed:
            seen.confirm(engine().operations.count(queue, state, not_after))
        operation = engine().operations.start(
            kind.verb,
            queue,
            state,
            actor=actor,
            reason=actions.given_reason(),
            not_after=not_after,
            to_trash=request.form.get("free_memory") != "yes",
            **(given_pace() if kind is RETRY else target),
            **({"rate": given_rate()} if kind is MOVE else {}),
        )
        return engine().operations.run_small(operation)

    queues = [queue, *target.values()]
    return actions.perform(kind.verb, act, told=_told, back=_operation_url, queue=queue, queues=queues)


def _not_after(state):
    """The cut-off that was seen; None for scheduled tasks, which lie in the future: the operation freezes it itself."""
    return None if state == states.SCHEDULED else seen.not_after()


def _told(operation):
    return "The operation is done." if operation.ended else "The operation is running; the sweeper carries it on."


def _operation_url(operation):
    return url_for("operations.show", operation_id=operation.id)
