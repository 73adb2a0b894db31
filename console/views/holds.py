"""What is held back on purpose: holds of functions and error groups, with how many tasks wait for them."""

from flask import request, url_for
from flask_admin import expose

from console import actions, reading
from console.auth import may
from console.current import engine, now
from console.forms import given_end
from console.page import Page
from console.presenters import plural, visible
from queue_core.errors import InvalidRequest

BACK_SOON = "Its tasks go back to their places in the next seconds."


class HoldsPage(Page):
    in_menu = False

    def __init__(self):
        super().__init__("Holds", endpoint="holds", url="/holds")

    @expose("/")
    @may("look")
    def index(self):
        rooms = engine()
        return self.render(
            "holds/index.html",
            holds=rooms.holds.all(),
            counts=rooms.holds.counts(),
            waiting=rooms.holds.waiting(),
            pauses=rooms.control.pauses(),
            now=now(),
        )

    @expose("/begin", methods=["POST"])
    @may("operate")
    def begin(self):
        function = request.form.get("function", "").strip()
        kind, _, name = (f"function:{function}" if function else request.form.get("what", "")).partition(":")
        queue = request.form.get("queue") or None

        def act(actor):
            options = {"queue": queue, "actor": actor, "reason": actions.given_reason(), "until": given_end("A hold")}
            if kind == "group":
                return engine().holds.hold_group(reading.error_group(name), **options)
            if kind == "function":
                return engine().holds.hold_function(name, **options)
            raise InvalidRequest("Choose what to hold: a function, or the error group.")

        return actions.perform(
            "hold",
            act,
            told=lambda hold: f"{_named(hold)} is held. What runs now runs to its end.",
            back=actions.came_from(url_for(".index")),
            queues=lambda: None if queue is None else [queue],
        )

    @expose("/<name:hold_id>/release", methods=["POST"])
    @may("operate")
    def release(self, hold_id):
        def queues():
            held_in = engine().holds.get(hold_id).queue
            return None if held_in is None else [held_in]

        def act(actor):
            return engine().holds.release(hold_id, actor=actor, reason=actions.given_reason())

        return actions.perform(
            "release", act, told=_told_released, back=actions.came_from(url_for(".index")), queues=queues
        )


def _told_released(hold):
    waiting = engine().holds.waiting()
    if waiting is None or not waiting.total:
        return f"{_named(hold)} is released."
    others = " Other holds keep some of them." if engine().holds.all() else ""
    return f"{_named(hold)} is released. {plural(waiting.total, 'task')} stood aside. {BACK_SOON}{others}"


def _named(hold):
    what = visible(hold.title)[:120]
    return what if hold.queue is None else f"{what} in {visible(hold.queue)}"
