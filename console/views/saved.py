"""Saved views: addresses of lists under a name, one's own and those shared by all."""

from flask import redirect, request, url_for
from flask_admin import expose

from console import actions
from console.auth import current_user, may
from console.current import engine
from console.page import Page


class SavedViewsPage(Page):
    in_menu = False

    def __init__(self):
        super().__init__("Saved views", endpoint="saved", url="/views")

    @expose("/")
    @may("look")
    def index(self):
        return redirect(url_for("search.index"))

    @expose("/mine/save", methods=["POST"])
    @may("look")
    def save(self):
        return _save(current_user().name)

    @expose("/mine/rename", methods=["POST"])
    @may("look")
    def rename(self):
        return _rename(current_user().name)

    @expose("/mine/delete", methods=["POST"])
    @may("look")
    def delete(self):
        return _delete(current_user().name)

    @expose("/shared/save", methods=["POST"])
    @may("operate")
    def save_shared(self):
        return _save(None)

    @expose("/shared/rename", methods=["POST"])
    @may("operate")
    def rename_shared(self):
        return _rename(None)

    @expose("/shared/delete", methods=["POST"])
    @may("operate")
    def delete_shared(self):
        return _delete(None)


def _save(owner):
    name, back = request.form.get("name", ""), _back()
    return _perform(
        "save view", owner, name, lambda by: engine().saved_views.save(owner, name, back, by=by), "The view is saved."
    )


def _rename(owner):
    name, new_name = request.form.get("name", ""), request.form.get("new_name", "")
    return _perform(
        "rename view", owner, name, lambda _: engine().saved_views.rename(owner, name, new_name), "It has a new name."
    )


def _delete(owner):
    name = request.form.get("name", "")
    return _perform("delete view", owner, name, lambda _: engine().saved_views.delete(owner, name), "It is deleted.")


def _perform(verb, owner, name, change, told):
    def act(actor):
        change(actor.name)
        engine().audit.record(verb, actor=actor, outcome="done", view=name[:100], shared=owner is None)

    return actions.perform(verb, act, told=told, back=_back())


def _back():
    return actions.came_from(url_for("search.index"))
