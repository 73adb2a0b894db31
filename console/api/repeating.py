"""Requests with an `Idempotency-Key`: carried out once, however often a program sends them."""

import json
import re
from contextlib import suppress

from flask import current_app, g, make_response, request
from werkzeug.exceptions import HTTPException

from console import auth
from console.current import engine, settings
from console.presenters import iso
from queue_core.errors import AnswerLost, InvalidRequest, MovedOn, OutcomeUnknown, StoreError

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
MOST_CHARACTERS = 200

_KEY = re.compile(rf"[!-~]{{1,{MOST_CHARACTERS}}}\Z")
_MARGIN_SECONDS = 1.0


def once(carry_out, given: dict):
    """The answer of `carry_out()`, or the one that it gave when the same was asked for under the same key before.

    given: what the request holds.  Kept is what an act was answered, also that it could not be done; not what was
    refused before the act (401, 403), nor what nobody knows the end of (5xx).
    Raises what `carry_out` raises, KeyReused, RequestRunning, InvalidRequest for a key that is none."""
    key = request.headers.get(HEADER)
    if key is None or settings().read_only:
        return carry_out()
    if not _KEY.match(key):
        raise InvalidRequest(f"An {HEADER} has 1 to {MOST_CHARACTERS} visible ASCII characters, without spaces.")
    begun = engine().answers.begin(auth.current_token().id, key, json.dumps([request.path, given], sort_keys=True))
    if begun.answer is not None:
        return _repeated(begun.answer)
    g.idempotency_key = key  # the audit trail notes it with the act
    answer = _answer(begun, carry_out)
    _keep(begun, answer)
    return answer


def _answer(begun, carry_out):
    try:
        if begun.in_doubt:
            _check_not_done(begun)
        return make_response(carry_out())
    except HTTPException:
        with suppress(StoreError):
            engine().answers.give_up(begun)
        raise
    except (InvalidRequest, MovedOn) as error:
        return make_response(current_app.handle_user_exception(error))


def _check_not_done(begun):
    """Each act is written into the audit trail in one step with what it does, so the trail knows."""
    done, is_complete = engine().audit.of_request(
        g.idempotency_key, actor=auth.current_actor(), since_at=begun.begun_at - _MARGIN_SECONDS
    )
    if done:
        raise AnswerLost(f"{AnswerLost.__doc__}  It was done at {iso(done[-1].at)}{_as_operation(done[-1])}.")
    if not is_complete:
        raise OutcomeUnknown


def _as_operation(entry) -> str:
    return f", as operation {entry.operation_id}" if entry.operation_id else ""


def _keep(begun, answer):
    try:
        engine().answers.keep(begun, answer.status_code, answer.get_data())
    except StoreError as error:
        # it was done all the same; whoever repeats it is told so by the trail
        current_app.logger.warning("the answer of a request with a key is not kept: %s", error)


def _repeated(kept):
    """kept: `body` is None when it was too large."""
    if kept.body is None:
        raise AnswerLost("This was done before; its answer was too large to be kept.")
    answer = current_app.response_class(kept.body, kept.status, mimetype="application/json")
    answer.headers[REPLAYED] = "true"
    return answer
