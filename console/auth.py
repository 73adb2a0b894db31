"""Who is asking, and may they: closed by default.

Every request needs a login except to views marked `public` and the static files.  The session is signed and holds
{user, epoch, since}; role and epoch are read from Redis at each request, so a change of either counts at once.
"""

import functools
from urllib.parse import urlsplit

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask.sessions import NullSession, SecureCookieSessionInterface
from werkzeug.exceptions import Forbidden, Unauthorized

from console.current import engine, now, settings
from queue_core import Actor
from queue_core.errors import StoreError, StoreUnavailable

RIGHTS = {
    "viewer": frozenset({"look"}),
    "operator": frozenset({"look", "operate"}),
    "admin": frozenset({"look", "operate", "reveal", "admin"}),
}
"""What each role may do."""

NEEDED_ROLE = {"look": "viewer", "operate": "operator", "reveal": "admin", "admin": "admin"}
"""The least role that has each right."""


READING = ("GET", "HEAD")


def init_app(app: Flask) -> None:
    """Closes `app`.  To be called before `guards.init_app`: who is not logged in is told so before all else."""
    app.session_interface = KeyFromRedis()
    app.config.update(
        SESSION_COOKIE_NAME="signalbox",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=app.extensions["signalbox_settings"].secure_cookies,
    )
    app.before_request(_require_login)
    app.context_processor(lambda: {"current_user": current_user(), "user_may": user_may})


class KeyFromRedis(SecureCookieSessionInterface):
    """Signed cookie sessions whose key every console on one Redis shares."""

    def open_session(self, app, request):
        if not app.secret_key:
            try:
                app.secret_key = app.extensions["signalbox_engine"].people.signing_key()
            except StoreError:
                return None  # no key, no session: `identify` tells
        return super().open_session(app, request)


# -- marks on views --
def public(view):
    """Lets anybody call `view`, logged in or not."""
    view.is_public = True
    return view


def may(right: str):
    """Lets only users with `right` (a key of NEEDED_ROLE) call the view; a refusal goes into the audit trail.

    Raises Forbidden in the request of anybody else."""
    needed_role = NEEDED_ROLE[right]

    def mark(view):
        @functools.wraps(view)
        def guarded(*args, **kwargs):
            if not user_may(right):
                _refuse(right, needed_role, kwargs)
            return view(*args, **kwargs)

        guarded.needed_right = right
        return guarded

    return mark


# -- who --
def current_user():
    """The user of this request (queue_core's User), or None while nobody is logged in."""
    return g.get("user")


def current_actor() -> Actor:
    """The user of this request, as the audit trail names them."""
    return Actor(g.user.name, "web")


def user_may(right: str) -> bool:
    """Whether the user of this request has `right`."""
    user = current_user()
    return bool(user) and right in RIGHTS.get(user.role, ())


# -- sessions --
def identify():
    """The user whose session this request carries, else None.  Raises StoreUnavailable: without Redis nobody is known.

    Done already for every view that is not `public`."""
    _require_key()
    g.user = _user_of_session()
    return g.user


def log_in(user) -> None:
    """Begins a session for `user`; nothing of the anonymous one before it stays."""
    session.clear()
    session.update(user=user.name, epoch=user.epoch, since=int(now()))
    g.user = user


def log_out() -> None:
    """Ends the session of this browser."""
    session.clear()
    g.user = None


def safe_next(target: str | None) -> str:
    """`target` if it is a path on this console, else the overview."""
    overview = url_for("overview.index")
    # browsers take a backslash for a slash, and drop tabs and line ends before they look
    if not target or "\\" in target or not target.isprintable():
        return overview
    inside = target.startswith(f"{request.script_root}/") and not target.startswith("//")
    return target if inside else overview


# -- inside --
def _require_login():
    if request.endpoint == "static":
        return None
    if getattr(current_app.view_functions.get(request.endpoint), "is_public", False):
        return None if request.method in READING else _require_key()
    return None if identify() else _send_to_login()


def _require_key() -> None:
    if isinstance(session, NullSession):
        raise StoreUnavailable("Redis does not answer, so nobody can be recognised.")


def _user_of_session():
    name = session.get("user")
    if not isinstance(name, str) or _is_over(session.get("since")):
        return None
    user = engine().people.find(name)
    return user if user and user.epoch == session.get("epoch") else None


def _is_over(since) -> bool:
    return not isinstance(since, int) or now() - since > settings().session_hours * 3600


def _send_to_login():
    if request.method not in READING:
        raise Unauthorized("You are not logged in, or your session has ended. Nothing was changed.")
    if request.headers.get("HX-Request"):
        # a fragment cannot hold the login page: the browser is told to leave for it
        return "", 401, {"HX-Redirect": _login_address(request.headers.get("HX-Current-URL", ""))}
    return redirect(_login_address(request.full_path.rstrip("?"), request.script_root), 303)


def _login_address(page: str, root: str = "") -> str:
    """The login page, from which one comes back to `page`."""
    path = f"{root}{_path_and_query(page)}"
    return url_for("login.show", next=None if path in ("", f"{request.script_root}/") else path)


def _path_and_query(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:  # such as http://[
        return ""
    return f"{parts.path}{'?' if parts.query else ''}{parts.query}"


def _refuse(right: str, needed_role: str, place: dict):
    user = current_user()
    engine().audit.record(
        request.endpoint.rpartition(".")[2],
        actor=current_actor(),
        queue=place.get("queue"),
        task_id=place.get("task_id"),
        outcome="refused",
        needed_role=needed_role,
    )
    raise Forbidden(f"This needs the role {needed_role}; you are logged in as {user.name}, {user.role}.")
