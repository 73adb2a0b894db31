"""Answers that are kept, so that a program which repeats a request gets the first one and nothing is done twice.

One hash for each key that a program has chosen: first who is at it, then what came of it.  Whoever is at it has it for
a minute; after that nobody knows whether it was done, and whoever asks next is told since when.
"""

import hashlib
import math
import re
import secrets
from dataclasses import dataclass

from queue_core.errors import KeyReused, RequestRunning
from queue_core.store import Store
from queue_core.text import to_bytes, to_text

KEEP_SECONDS = 86_400
LEASE_SECONDS = 60
"""So long a request may take; no longer does anybody wait for one whose process has died."""

MOST_ANSWERS = 2_000
"""Of one holder; the oldest of more are forgotten."""

MOST_BYTES = 16 * 1024
_MOST_FORGOTTEN = 100
_TRIES = 5
_STATUS = re.compile(r"[2-4][0-9]{2}\Z")


@dataclass(frozen=True)
class Answer:
    """status: of HTTP.  body: None when it was too large to be kept."""

    status: int
    body: bytes | None


@dataclass(frozen=True)
class Begun:
    """A request under a key.  answer: what it was answered before; None: it is to be carried out now, by whoever got
    this.

    begun_at: since when it may have been carried out, Unix seconds.  in_doubt: somebody was at it and fell silent."""

    digest: str
    attempt: str = ""
    begun_at: float = 0.0
    in_doubt: bool = False
    answer: Answer | None = None


class Answers:
    """The room of programs that repeat themselves."""

    def __init__(self, store: Store):
        self._store = store

    def begin(self, holder: str, key: str, request: str) -> Begun:
        """Leave to carry out a request under `key`, or what it was answered before.

        holder: whose keys these are; nobody meets the key of another one.  request: all that it asks for.
        Raises KeyReused when the key belongs to another request, RequestRunning (`retry_after_seconds`) while somebody
        is at it, StoreUnavailable, StoreFull."""
        digest, request = _digest(f"{holder}\n{key}"), _digest(request)
        for _ in range(_TRIES):
            found, now = self._read(digest), self._store.now()
            if found and found.get("request") != request:
                raise KeyReused
            if "status" in found:
                return Begun(digest, answer=Answer(int(found["status"]), found.get("body")))
            if (left_seconds := _lease_left(found, now)) > 0:
                raise RequestRunning(retry_after_seconds=math.ceil(left_seconds))
            begun = Begun(digest, secrets.token_hex(8), _moment(found.get("begun_at"), now), bool(found))
            if self._take(holder, begun, found.get("attempt"), request, now):
                return begun
        raise RequestRunning(retry_after_seconds=1)

    def keep(self, begun: Begun, status: int, body: bytes) -> None:
        """Keeps what came of it, unless somebody else has taken it over since."""
        fields = {"status": status} | ({"body": body} if len(body) <= MOST_BYTES else {})
        key = self._store.keys.answer(begun.digest)
        self._store.write_while(key, _held(begun), lambda pipeline: pipeline.hset(key, mapping=fields))

    def give_up(self, begun: Begun) -> None:
        """Says that nothing was done: whoever asks next may carry it out."""
        key = self._store.keys.answer(begun.digest)
        self._store.write_while(key, _held(begun), lambda pipeline: pipeline.delete(key))

    # -- inside --
    def _read(self, digest) -> dict:
        fields = self._store.client.hgetall(self._store.keys.answer(digest))
        found = {to_text(name): raw if name == b"body" else to_text(raw) for name, raw in fields.items()}
        if not _STATUS.match(found.get("status", "")):
            found.pop("status", None)
        return found

    def _take(self, holder, begun, attempt_before, request, now) -> bool:
        key, index = self._store.keys.answer(begun.digest), self._store.keys.answers(holder)
        fields = {"request": request, "attempt": begun.attempt, "begun_at": repr(begun.begun_at), "taken_at": repr(now)}

        def write(pipeline):
            pipeline.hset(key, mapping=fields)
            pipeline.expire(key, KEEP_SECONDS)
            pipeline.zadd(index, {begun.digest: now})
            pipeline.zremrangebyscore(index, "-inf", now - KEEP_SECONDS)
            pipeline.expire(index, KEEP_SECONDS)

        before = None if attempt_before is None else to_bytes(attempt_before)
        if not self._store.write_while(key, {"attempt": before}, write):
            return False
        self._forget_oldest(index)
        return True

    def _forget_oldest(self, index):
        excess = self._store.client.zcard(index) - MOST_ANSWERS
        if excess > 0:
            digests = self._store.client.zrange(index, 0, min(excess, _MOST_FORGOTTEN) - 1)
            self._store.client.unlink(*(self._store.keys.answer(to_text(one)) for one in digests))
            self._store.client.zrem(index, *digests)


def _held(begun) -> dict:
    return {"attempt": begun.attempt.encode(), "status": None}


def _lease_left(found, now) -> float:
    taken_at = _moment(found.get("taken_at"), -math.inf)
    # a clock that was put back must not make it last for longer
    return min(taken_at + LEASE_SECONDS - now, LEASE_SECONDS)


def _moment(text, otherwise: float) -> float:
    try:
        moment = float(text)
    except (TypeError, ValueError):
        return otherwise
    return moment if 0 <= moment < 1e11 else otherwise


def _digest(text: str) -> str:
    return hashlib.sha256(to_bytes(text)).hexdigest()
