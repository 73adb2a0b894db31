"""Who is asking, and may they: closed by default.

Every request needs a login except to views marked `public` and the static files.  The session is signed and holds
{user, epoch, since}; role and epoch are read from Redis at each request, so a change of either counts at once.
"""

import functools
from contextlib import suppress
from urllib.parse import urlsplit

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask.sessions import NullSession, SecureCookieSessionInterface
from werkzeug.exceptions import Forbidden, HTTPException, TooManyRequests, Unauthorized

from console import refusals
from console.current import engine, now, settings
from console.presenters import visible
from queue_core import Actor
from queue_core.errors import InvalidCredentials, SessionNotFound, StoreError, StoreUnavailable

RIGHTS = {
    "viewer": frozenset({"look"}),
    "operator": frozenset({"look", "operate"}),
    "admin": frozenset({"look", "operate", "reveal", "admin"}),
}
"""What each role may do."""

NEEDED_ROLE = {"look": "viewer", "operate": "operator", "reveal": "admin", "admin": "admin"}
"""The least role that has each right."""


API_PATH = "/api/"
READING = ("GET", "HEAD")
MOST_NAMED = 5
"""A refusal names no more queues and grants than this."""


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

    A view whose address names a queue wants the right on that queue; another one wants it somewhere, and the act says
    to `require` which queues it touches.  Raises Forbidden in the request of anybody else."""

    def mark(view):
        @functools.wraps(view)
        def guarded(*args, **kwargs):
            g.needed_right, queue = right, kwargs.get("queue")
            if not (user_may_somewhere(right) if queue is None else user_may(right, queue)):
                verb = request.endpoint.rpartition(".")[2]
                _refuse(right, verb, [] if queue is None else [queue], kwargs.get("task_id"))
            return view(*args, **kwargs)

        guarded.needed_right = right
        return guarded

    return mark


# -- who --
def current_user():
    """The user of this request (queue_core's User), or None while nobody is logged in."""
    return g.get("user")


def current_token():
    """The token of this request (queue_core's Token), or None outside of the API."""
    return g.get("token")


def is_api() -> bool:
    """Whether a program asks, with a token; answers are JSON then, and no cookie counts."""
    return request.path.startswith(API_PATH)


def current_actor() -> Actor:
    """The user of this request, as the audit trail names them."""
    token = current_token()
    if token is None:
        return Actor(g.user.name, "web")
    return Actor(g.user.name, "api", token.name, g.get("idempotency_key", ""))


def user_may(right: str, queue: str | None = None) -> bool:
    """Whether the user of this request has `right`: on `queue`, or everywhere when none is named."""
    user = current_user()
    if user is None:
        return False
    # a grant on a queue says nothing about people
    on_queue = queue is not None and right != "admin"
    return right in RIGHTS.get(user.role_on(queue) if on_queue else user.role, ())


def user_may_somewhere(right: str) -> bool:
    """Whether there is any queue on which the user of this request has `right`."""
    user = current_user()
    return user_may(right) or (bool(user) and right != "admin" and right in RIGHTS.get(user.highest_role, ()))


def require(verb: str, queues, task_id: str | None = None) -> None:
    """Lets an act go on that touches these queues; None: what is no queue's alone.

    The right is the one that the view names.  All or nothing: raises Forbidden, recorded, when it is missing on one."""
    right = g.get("needed_right", "operate")
    if queues is None:
        if not user_may(right):
            _refuse(right, verb, [], task_id)
    elif missing := [queue for queue in queues if not user_may(right, queue)]:
        _refuse(right, verb, missing, task_id)


# -- sessions --
def identify():
    """The user whose session this request carries, else None.  Raises StoreUnavailable: without Redis nobody is known.

    Done already for every view that is not `public`."""
    _require_key()
    g.user = _user_of_session()
    return g.user


def log_in(user) -> None:
    """Begins a session for `user`; nothing of the anonymous one before it stays."""
    session_id = engine().people.sessions.begin(
        user,
        seconds=settings().session_hours * 3600,
        address=request.remote_addr or "",
        browser=request.headers.get("User-Agent", ""),
    )
    session.clear()
    session.update(user=user.name, epoch=user.epoch, since=int(now()), id=session_id)
    g.user = user


def log_out() -> None:
    """Ends the session of this browser."""
    with suppress(SessionNotFound):
        engine().people.sessions.end(g.user.name, current_session_id() or "")
    session.clear()
    g.user = None


def current_session_id() -> str | None:
    """The id of the session of this browser; None when it is not listed."""
    found = session.get("id")
    return found if isinstance(found, str) else None


def safe_next(target: str | None) -> str:
    """`target` if it is a path on this console, else the overview."""
    overview = url_for("overview.index")
    # browsers take a backslash for a slash, and drop tabs and line ends before they look
    if not target or "\\" in target or not target.isprintable():
        return overview
    inside = target.startswith(f"{request.script_root}/") and not target.startswith("//")
    return target if inside else overview


def asked_from() -> str | None:
    """The page whose form or button sent this request, as far as that is told; None when it is not."""
    with suppress(HTTPException):  # the form may be too large to be read
        if address := request.form.get("back"):
            return safe_next(address)
    sent_by = request.headers.get("HX-Current-URL") or request.referrer or ""
    address = _path_and_query(sent_by)
    return address if _parts(sent_by).netloc == request.host and safe_next(address) == address else None


# -- inside --
def _require_login():
    if request.endpoint == "static":
        return None
    if is_api():
        return identify_by_token()
    if getattr(current_app.view_functions.get(request.endpoint), "is_public", False):
        return None if request.method in READING else _require_key()
    return None if identify() else _send_to_login()


def identify_by_token() -> None:
    """Takes the token that the request shows.  Raises Unauthorized, TooManyRequests, StoreUnavailable.

    Done already for every view of the API."""
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not text.strip():
        raise Unauthorized("Send a token: Authorization: Bearer sbx_…")
    try:
        g.user, g.token = engine().people.of_token(text.strip(), address=request.remote_addr or "")
    except InvalidCredentials as error:
        if error.waiting:
            raise TooManyRequests(str(error), retry_after=error.retry_after_seconds) from error
        raise Unauthorized(str(error)) from error


def _require_key() -> None:
    if isinstance(session, NullSession):
        raise StoreUnavailable("Redis does not answer, so nobody can be recognised.")


def _user_of_session():
    name = session.get("user")
    if not isinstance(name, str) or _is_over(session.get("since")):
        return None
    return engine().people.of_session(name, session.get("epoch"), current_session_id())


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
    parts = _parts(address)
    return f"{parts.path}{'?' if parts.query else ''}{parts.query}"


def _parts(address: str):
    try:
        return urlsplit(address)
    except ValueError:  # such as http://[
        return urlsplit("")


def _refuse(right: str, verb: str, queues: list[str], task_id: str | None):
    """queues: those on which the right is missing; none: it has to be everywhere."""
    user, needed_role = current_user(), NEEDED_ROLE[right]
    refusals.record(
        verb,
        actor=current_actor(),
        queue=queues[0] if len(queues) == 1 else None,
        task_id=task_id,
        outcome="refused",
        needed_role=needed_role,
        on=queues[:MOST_NAMED] if len(queues) > 1 else None,
    )
    raise Forbidden(f"This needs the role {needed_role}{_on(queues, user)}; you are {_who(user)}.")


def _on(queues: list[str], user) -> str:
    if not queues:
        return " on all queues" if user.grants else ""
    named = ", ".join(visible(queue) or "the queue without a name" for queue in queues[:MOST_NAMED])
    return f" on {named}" + (f" and {len(queues) - MOST_NAMED} more queues" if len(queues) > MOST_NAMED else "")


def _who(user) -> str:
    granted = ", ".join(f"{grant.role} on {grant.queue}" for grant in user.grants[:MOST_NAMED])
    more = f" and on {len(user.grants) - MOST_NAMED} more" if len(user.grants) > MOST_NAMED else ""
    return f"logged in as {user.name}, {user.role}" + (f", and {granted}{more}" if granted else "")
