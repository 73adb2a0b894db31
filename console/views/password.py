"""The page behind a link to set a password: for whoever has the link, logged in or not."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from console import access, actions, auth, refusals
from console.current import engine, settings
from queue_core import Actor
from queue_core.errors import InvalidCredentials, InvalidRequest

blueprint = Blueprint("password", __name__)

REFERRER = "strict-origin"
"""Of the page whose address is the secret no more may be told than whose it is, which the CSRF check wants to know."""


@blueprint.get("/password/<name:user>/<name:secret>")
@auth.public
def show(user, secret):
    # looking tells nothing that could be guessed and counts nothing: of 256 random bits no number of tries finds one
    link = engine().people.link(user, secret)
    return _page(user, link), 200 if link else 404


@blueprint.post("/password/<name:user>/<name:secret>")
@auth.public
def submit(user, secret):
    if settings().read_only:
        abort(403, description=actions.READ_ONLY)
    password, again = request.form.get("password", ""), request.form.get("again", "")
    try:
        if password != again:
            raise InvalidRequest("The new password was not typed twice alike.")
        engine().people.set_password_by_link(user, secret, password, address=_address())
    except InvalidCredentials as error:
        return _refused(user, error)
    except InvalidRequest as error:
        link = engine().people.link(user, secret)
        return _page(user, link, str(error)), 400 if link else 404
    access.record("use_link", Actor(user, "web"), user, address=_address())
    flash("Your password is set. Log in with it.")
    return redirect(url_for("login.show"), 303)


@blueprint.after_request
def _tell_no_address(response):
    response.headers["Referrer-Policy"] = REFERRER
    return response


def _page(user, link, error=""):
    return render_template("login/password.html", user=user, link=link, error=error, read_only=settings().read_only)


def _refused(user, error):
    if error.waiting:
        return _page(user, None, str(error)), 429, {"Retry-After": error.retry_after_seconds}
    if engine().people.find(user):
        refusals.record("use_link", actor=Actor(user, "web"), outcome="refused", address=_address())
    return _page(user, None, str(error)), 404


def _address() -> str:
    return request.remote_addr or ""
