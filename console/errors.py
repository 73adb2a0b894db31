"""Every error as a page, or as a notice when htmx asks: one status and one wording per family."""

from flask import Response, current_app, g, render_template, request
from werkzeug.exceptions import HTTPException

from console.auth import READING, current_user
from queue_core.errors import (
    ErrorGroupNotFound,
    InvalidRequest,
    MovedOn,
    OperationNotFound,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreUnavailable,
    TaskNotFound,
    WorkerNotFound,
)

HTTP_TITLES = {
    400: ("This request cannot be carried out", "Go back and try again."),
    403: ("You may not do this", "Ask an administrator for a role that may, or look at the audit trail for who can."),
    404: ("There is no such page", "The address may be mistyped, or what was here is gone."),
    405: ("This address is not for looking at", "It takes an act from a form.  Go back to the page it was on."),
    413: ("This request is too large", "Shorten what you sent."),
}

VANISHED = {
    TaskNotFound: ("task", "It ran, was moved or was deleted since."),
    WorkerNotFound: ("worker", "It has left, or has said nothing for a while.  What it held is recovered."),
    OperationNotFound: ("operation", "Its record was dropped after some time."),
    ErrorGroupNotFound: ("error group", "It was not seen for long, or too many others came after it."),
}
"""What may be gone when somebody looks for it, and why."""

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
    return answer(400, "This request cannot be carried out", str(error), "Go back, change it and try again.")


def _moved_on(error):
    if request.method == "GET" and isinstance(error, tuple(VANISHED)):
        return _vanished(error)
    return answer(
        409, "The world moved on", str(error), "Nothing was changed.  Reload the page to see what is there now."
    )


def _vanished(error):
    what, hint = VANISHED[type(error)]
    queue = (request.view_args or {}).get("queue")
    return answer(404, f"This {what} is not here any more", str(error), hint, queue=queue)


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
    return answer(503, title, "", hint, extra={"Retry-After": "5"})


def _http_error(error):
    if isinstance(error.response, Response):
        return error.response
    title, hint = HTTP_TITLES.get(error.code, (error.name, "Go back and try again."))
    sentence = "" if error.code == 404 else error.description
    return answer(error.code, title, sentence, hint, extra=_allow(error))


def _allow(error):
    methods = getattr(error, "valid_methods", None)
    return {"Allow": ", ".join(methods)} if methods else {}


def _fault(error):
    # the fault may lie in what every page shows around its content, so this one asks for nothing
    g.store_away = True
    g.pop("shell", None)
    return answer(
        500, "The console has a fault", "", "It was written to the console's log.  The tasks are not touched by it."
    )


def answer(status: int, title: str, sentence: str, hint: str, *, queue=None, extra=None):
    """An error as a page; for htmx as a notice that goes to the notices, whatever the request wanted to replace."""
    facts = {"status": status, "title": title, "sentence": sentence, "hint": hint, "queue": queue}
    headers = {"Vary": "HX-Request", **(extra or {})}
    if request.htmx:
        headers |= {"HX-Retarget": "#notices", "HX-Reswap": "innerMorph"}
        return render_template("errors/_notice.html", **facts), status, headers
    return render_template("errors/show.html", **facts), status, headers
