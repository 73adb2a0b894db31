"""What a receiver is told: the body of an event, and the headers that prove who sent it.  Pure."""

import hashlib
import hmac
import json
import secrets

from queue_core.alert import INFO, OPENED, REPEATED, RESOLVED, TEST, Change, Sight
from queue_core.alert_words import moment, plain, shortened
from queue_core.masking import Masking
from queue_core.text import json_object, shown

MOST_BODY_BYTES = 16_000
MOST_DETAILS_CHARACTERS = 600
OLD_SECONDS = 300.0
"""An event that is sent later than this says when it was noticed."""

_LONGEST_URL = 2000
_SHORTER_AND_SHORTER = (400, 200, 100, 50)

_AS_IT_IS = {OPENED: "", REPEATED: "still: ", RESOLVED: "resolved: ", TEST: ""}


def event_of(change: Change, now: float, *, environment: str = "", console_url: str = "") -> dict:
    """The body for what is told by a change."""
    return _event(change.told, change.sight, change.since_at, now, environment, console_url)


def event_of_a_test(by: str, now: float, *, environment: str = "", console_url: str = "") -> dict:
    """The body of a test, which somebody has asked for."""
    title = f"A test alert, sent by {plain(by, Masking(), 100)}"
    sight = Sight("test", "test", INFO, title, "Nothing is wrong: alerts arrive here.", path="/settings/")
    return _event(TEST, sight, now, now, environment, console_url)


def _event(told, sight, since_at, now, environment, console_url) -> dict:
    details = shortened(sight.details, MOST_DETAILS_CHARACTERS)
    url = console_url.rstrip("/") + sight.path if console_url and sight.path else None
    url = url if url and len(url) <= _LONGEST_URL else None
    return {
        "id": secrets.token_hex(12),
        "event": told,
        "alert": sight.key,
        "kind": sight.kind,
        "severity": sight.severity,
        "environment": environment,
        "title": sight.title,
        "details": details,
        "queue": sight.queue,
        "group_id": sight.group_id,
        "operation_id": sight.operation_id,
        "count": sight.count,
        "since_at": since_at,
        "at": now,
        "url": url,
        "text": _text(told, sight, details, environment, url),
    }


def _text(told, sight, details, environment, url) -> str:
    """The same for chat programs, which show this and nothing else."""
    where = f"[{environment}] " if environment else ""
    severity = "" if told in (RESOLVED, TEST) else f"{sight.severity.upper()} "
    return "\n".join(filter(None, (f"{where}{severity}{_AS_IT_IS[told]}{sight.title}", details, url)))


def encoded(event: dict) -> bytes:
    """The event as it is sent and kept; what would make it too long to be sent is shortened."""
    body = _as_json(event)
    for limit in _SHORTER_AND_SHORTER:
        if len(body) <= MOST_BODY_BYTES:
            break
        body = _as_json({name: _at_most(limit, name, one) for name, one in event.items()})
    return body


def _as_json(event) -> bytes:
    # bytes of a name that are no text travel as the replacement character: not every receiver reads lone surrogates
    told = {name: shown(one) if isinstance(one, str) else one for name, one in event.items()}
    return json.dumps(told, ensure_ascii=False).encode()


def _at_most(limit, name, value):
    return shortened(value, limit) if isinstance(value, str) and name != "url" else value


def as_sent(body: bytes, noticed_at: float, now: float) -> bytes:
    """An event as it is sent now: of an old one people are told that it is old."""
    if now - noticed_at <= OLD_SECONDS:
        return body
    event = read_body(body)
    return encoded(event | {"text": f"[noticed {moment(noticed_at)}] {event['text']}"})


def read_body(raw) -> dict | None:
    """The event in a value of Redis; None for what is none and must not be sent."""
    if not isinstance(raw, bytes) or len(raw) > MOST_BODY_BYTES:
        return None
    try:
        # strictly: what is sent has to be text, and the parser takes other encodings and halves of characters too
        found = json_object(raw.decode())
        json.dumps(found, ensure_ascii=False).encode()
    except (UnicodeError, RecursionError):
        return None
    return found if isinstance(found.get("id"), str) and isinstance(found.get("text"), str) else None


def headers(body: bytes, now: float, secret: str) -> dict[str, str]:
    """What is sent with a body.  The signature covers the moment too, so that nobody can send an old one anew."""
    found = {"Content-Type": "application/json", "User-Agent": "Signalbox", "Signalbox-Timestamp": str(int(now))}
    if secret:
        found["Signalbox-Signature"] = "sha256=" + signature(body, found["Signalbox-Timestamp"], secret)
    return found


def signature(body: bytes, timestamp: str, secret: str) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
