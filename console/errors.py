"""Every error as a page, or as a notice when htmx asks: one status and one wording per family."""

import re

from flask import Response, current_app, g, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from console import lately
from console.auth import READING, asked_from, current_user, is_api
from console.current import now
from console.presenters import ago
from console.trail import words
from queue_core.errors import (
    ErrorGroupNotFound,
    InvalidRequest,
    KeyReused,
    MovedOn,
    OperationNotFound,
    SearchNotFound,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreUnavailable,
    TaskNotFound,
    UserNotFound,
    WorkerNotFound,
)

HTTP_TITLES = {
    400: ("This request cannot be carried out", "Go back and try again."),
    401: ("You are not logged in", "Log in, and do it again."),
    403: ("You may not do this", "Ask an administrator for a role that may, or look at the audit trail for who can."),
    404: ("There is no such page", "The address may be mistyped, or what was here is gone."),
    405: ("This address is not for looking at", "It takes an act from a form.  Go back to the page it was on."),
    413: ("This request is too large", "Shorten what you sent."),
}

VANISHED = {
    TaskNotFound: ("task", "It ran, was moved or was deleted since."),
    WorkerNotFound: ("worker", "It has left, or has said nothing for a while.  What it held is recovered."),
    OperationNotFound: ("operation", "Its address may be mistyped, or its record was dropped after some time."),
    UserNotFound: ("user", "The name may be mistyped, or the user was removed."),
    SearchNotFound: ("search", "What a search has found is kept for a day."),
    ErrorGroupNotFound: ("error group", "It was not seen for long, or too many others came after it."),
}
"""What may be gone when somebody looks for it, and why."""

CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    429: "too_many_attempts",
    500: "fault",
}
"""The code of an error for programs, where the engine has raised none, whose name is the code then."""

UNCERTAIN = "It is not known whether this happened.  Look before you try again."
UNTOUCHED = "Nothing was changed.  Try again when it is back."

STORE_TITLES = {
    StoreFull: (
        "Redis has no memory left",
        "Nothing was changed.  Purge old errors or raise maxmemory, then try again.",
    ),
    StoreCorrupt: ("A key in Redis is not what it should be", "Nothing was changed.  Run: signalbox doctor"),
}


def init_app(app) -> None:
    app.register_error_handler(InvalidRequest, _invalid_request)
    app.register_error_handler(MovedOn, _moved_on)
    app.register_error_handler(StoreError, _store_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(500, _fault)


def _invalid_request(error):
    if is_api():
        return for_programs(422 if isinstance(error, KeyReused) else 400, str(error), _code(error))
    return answer(400, "This request cannot be carried out", str(error), "Go back, change it and try again.")


def _moved_on(error):
    if is_api():
        is_gone = request.method in READING and type(error).__name__.endswith("NotFound")
        return for_programs(404 if is_gone else 409, str(error), _code(error), _retry_after(error))
    if request.method == "GET" and isinstance(error, tuple(VANISHED)):
        return _vanished(error)
    hint = "Nothing was changed.  Reload the page to see what is there now."
    return answer(409, "The world moved on", f"{error}{_who_was_faster()}", hint)


def _who_was_faster() -> str:
    queue, task_id = map((request.view_args or {}).get, ("queue", "task_id"))
    last = lately.last_on(queue, task_id) if queue is not None and task_id else None
    return f"  The last act on it: {words(last.verb)} by {last.actor}, {ago(last.at, now())}." if last else ""


def _vanished(error):
    what, hint = VANISHED[type(error)]
    queue = (request.view_args or {}).get("queue")
    # what the error itself says is in the title and the hint
    return answer(404, f"This {what} is not here any more", "", hint, queue=queue)


def _store_error(error):
    g.store_away = not isinstance(error, tuple(STORE_TITLES))
    title, hint = STORE_TITLES.get(
        type(error),
        ("Redis does not answer", "Counts are unknown until it is back.  Tasks wait in Redis; nothing here is lost."),
    )
    if isinstance(error, StoreUnavailable) and request.method not in READING:
        # who asks is read before anything is done
        hint = UNCERTAIN if current_user() else UNTOUCHED
    # where Redis is to be found is for the log: while it is away nobody is known to be logged in
    current_app.logger.warning("%s: %s", title, error)
    if is_api():
        return for_programs(503, f"{title}.  {hint}", _code(error), {"Retry-After": "5"})
    return answer(503, title, "", hint, extra={"Retry-After": "5"})


def _http_error(error):
    if isinstance(error.response, Response):
        return error.response
    if is_api():
        return for_programs(error.code, error.description, CODES.get(error.code, "refused"), _headers(error))
    title, hint = HTTP_TITLES.get(error.code, (error.name, "Go back and try again."))
    sentence = "" if error.code == 404 else error.description
    return answer(error.code, title, sentence, hint, extra=_allow(error))


def _allow(error):
    methods = getattr(error, "valid_methods", None)
    return {"Allow": ", ".join(methods)} if methods else {}


def _fault(error):
    if is_api():
        return for_programs(500, "The console has a fault, which was written to its log.", CODES[500])
    # the fault may lie in what every page shows around its content, so this one asks for nothing
    g.store_away = True
    g.pop("shell", None)
    return answer(
        500, "The console has a fault", "", "It was written to the console's log.  The tasks are not touched by it."
    )


def for_programs(status: int, message: str, code: str, headers=None):
    """An error as JSON, in the one shape that the API has."""
    return jsonify(error={"code": code, "message": message}), status, headers or {}


def _code(error) -> str:
    """`task_not_found` for a TaskNotFound."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()


def _retry_after(error) -> dict:
    seconds = getattr(error, "retry_after_seconds", None)
    return {"Retry-After": str(seconds)} if seconds else {}


def _headers(error) -> dict:
    wait = getattr(error, "retry_after", None)
    more = {"Retry-After": str(wait)} if wait else {}
    return _allow(error) | more | ({"WWW-Authenticate": "Bearer"} if error.code == 401 else {})


def answer(status: int, title: str, sentence: str, hint: str, *, queue=None, extra=None):
    """An error as a page; for htmx as a notice that goes to the notices, whatever the request wanted to replace."""
    facts = {"status": status, "title": title, "sentence": sentence, "hint": hint, "queue": queue}
    if request.method not in READING:
        facts["asked_from"] = asked_from()
    headers = {"Vary": "HX-Request", **(extra or {})}
    if request.htmx:
        headers |= {"HX-Retarget": "#notices", "HX-Reswap": "innerMorph"}
        return render_template("errors/_notice.html", **facts), status, headers
    return render_template("errors/show.html", **facts), status, headers
