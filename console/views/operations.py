"""Operations: acts on many tasks, how far they are, and what became of them."""

from flask import render_template, url_for
from flask_admin import expose

from console import actions
from console.auth import may
from console.current import engine, now
from console.live import fragment
from console.page import Page

NEWEST = 50


class OperationsPage(Page):
    icon = "operations"

    def __init__(self):
        super().__init__("Operations", endpoint="operations", url="/operations")

    @expose("/")
    @may("look")
    def index(self):
        operations = engine().operations.newest(limit=NEWEST)
        return self.render("operations/index.html", operations=operations, limit=NEWEST, now=now())

    @expose("/<name:operation_id>")
    @may("look")
    def show(self, operation_id):
        return self.render("operations/show.html", operation=engine().operations.get(operation_id), now=now())

    @expose("/<name:operation_id>/progress")
    @may("look")
    def progress(self, operation_id):
        operation = engine().operations.get(operation_id)
        return fragment(render_template("operations/_progress.html", operation=operation, now=now()))

    @expose("/<name:operation_id>/cancel", methods=["POST"])
    @may("operate")
    def cancel(self, operation_id):
        def act(actor):
            engine().operations.cancel(operation_id, actor=actor)

        told = "The operation is cancelled. What it did so far stays done."
        return actions.perform("cancel_operation", act, told=told, back=url_for(".show", operation_id=operation_id))
