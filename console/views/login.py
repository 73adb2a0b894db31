"""Logging in and out."""

from flask import Blueprint, current_app, redirect, render_template, request, url_for

from console import auth
from console.current import engine
from queue_core import Actor
from queue_core.errors import InvalidCredentials, StoreFull

blueprint = Blueprint("login", __name__)


@blueprint.get("/login")
@auth.public
def show():
    if auth.identify():
        return redirect(auth.safe_next(request.args.get("next")), 303)
    return _page()


@blueprint.post("/login")
@auth.public
def submit():
    name, password = request.form.get("name", "").strip(), request.form.get("password", "")
    try:
        user = engine().people.authenticate(name, password, address=request.remote_addr or "")
    except InvalidCredentials as error:
        return _refused(name, error)
    auth.log_in(user)
    _record(auth.current_actor(), "done")
    return redirect(auth.safe_next(request.form.get("next")), 303)


@blueprint.post("/logout")
@auth.may("look")
def leave():
    auth.log_out()
    return redirect(url_for("login.show"), 303)


@blueprint.post("/logout/everywhere")
@auth.may("look")
def leave_everywhere():
    """Ends every session of the user, in all browsers."""
    actor = auth.current_actor()
    engine().people.end_sessions(actor.name)
    engine().audit.record("logout_everywhere", actor=actor, outcome="done")
    auth.log_out()
    return redirect(url_for("login.show"), 303)


def _page(name: str = "", error: InvalidCredentials | None = None) -> str:
    return render_template(
        "login/index.html",
        name=name,
        error=error,
        next=request.values.get("next", ""),
        nobody_yet=not engine().people.count(),
    )


def _refused(name: str, error: InvalidCredentials):
    if error.waiting:
        return _page(name, error), 429, {"Retry-After": error.retry_after_seconds}
    # a name that no user has is not written down: people type passwords into the wrong field
    if engine().people.find(name):
        _record(Actor(name, "web"), "refused")
    return _page(name, error), 401


def _record(actor: Actor, outcome: str) -> None:
    try:
        engine().audit.record("login", actor=actor, outcome=outcome, address=request.remote_addr)
    except StoreFull:
        # whoever comes to purge a full Redis must get in; the log keeps what the trail cannot
        current_app.logger.warning("Redis is full: login of %r (%s) is not in the audit trail", actor.name, outcome)
