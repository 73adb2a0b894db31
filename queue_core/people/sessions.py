"""Open sessions of the console: listed, so that one can be ended without the others.

The cookie says who somebody is; it counts only while its id stands here.
"""

import json
import math
import secrets
from contextlib import suppress
from dataclasses import dataclass

from queue_core.errors import SessionNotFound, StoreFull
from queue_core.people.rights import User
from queue_core.store import Store
from queue_core.text import json_object, to_bytes, to_text

MOST_SESSIONS = 50
SEEN_NOTED_SECONDS = 60
"""A sign of life is written down no more often than this."""

_LONGEST_TEXT = 300
_SEEN = ":seen"


@dataclass(frozen=True)
class Session:
    """browser: what the browser says of itself.  Moments in Unix seconds; seen_at to a minute."""

    id: str
    user: str
    since_at: float
    expires_at: float
    seen_at: float
    address: str
    browser: str
    epoch: int


class Sessions:
    """The register of open sessions, one hash per user."""

    def __init__(self, store: Store):
        self._store = store

    def begin(self, user: User, *, seconds: float, address: str = "", browser: str = "") -> str | None:
        """The id of a new session of so many seconds; None when Redis is full, and the session is not listed then.

        Beyond 50 of one user the oldest end."""
        now, session_id = self._store.now(), secrets.token_hex(16)
        record = {
            "since_at": now, "expires_at": now + seconds, "epoch": user.epoch, "address": address[:_LONGEST_TEXT],
            "browser": browser[:_LONGEST_TEXT],
        }  # fmt: skip
        try:
            self._write(user.name, session_id, json.dumps(record), seconds)
        except StoreFull:
            # whoever comes to purge a full Redis must get in
            return None
        self._tidy(user)
        return session_id

    def of(self, user: User) -> list[Session]:
        """The open sessions of a user, newest first."""
        return self._open(user, self._store.client.hgetall(self._key(user.name)))

    def of_all(self, users: list[User]) -> list[Session]:
        """Those of several users, seen last first."""
        found = []
        for first in range(0, len(users), 200):
            chunk, pipeline = users[first : first + 200], self._store.client.pipeline()
            for user in chunk:
                pipeline.hgetall(self._key(user.name))
            for user, fields in zip(chunk, pipeline.execute(), strict=True):
                found += self._open(user, fields)
        return sorted(found, key=lambda session: -session.seen_at)

    def note_seen(self, user: User, session_id: str, seen_at: bytes | None) -> None:
        """Writes down a sign of life, to a minute; a full Redis does without.  seen_at: the one before."""
        now = self._store.now()
        if now - (_moment(seen_at) or 0) < SEEN_NOTED_SECONDS:
            return
        # a field of its own: writing it late brings no session back that was ended meanwhile
        with suppress(StoreFull):
            left_ms = self._store.client.pttl(self._key(user.name))
            if left_ms > 0:
                self._write(user.name, session_id + _SEEN, repr(now), left_ms / 1000)

    def end(self, user: str, session_id: str) -> None:
        """Ends one session.  Raises SessionNotFound."""
        if not self._drop(user, [session_id]):
            raise SessionNotFound(user=user)

    def end_all(self, user: str) -> None:
        """Takes all sessions of a user off the list."""
        self._store.client.delete(self._key(user))

    # -- inside --
    def _tidy(self, user):
        """Drops what is over, and the oldest beyond 50."""
        fields = self._store.client.hgetall(self._key(user.name))
        kept = {name for one in self._open(user, fields)[:MOST_SESSIONS] for name in self.fields(one.id)}
        if over := [name for name in fields if to_text(name) not in kept]:
            self._store.client.hdel(self._key(user.name), *over)

    def fields(self, session_id: str) -> list[str]:
        """What of the hash tells about one session."""
        return [session_id, session_id + _SEEN]

    def _key(self, user: str) -> bytes:
        return self._store.keys.sessions(user)

    def _write(self, user, name, value, seconds):
        key, pipeline = self._key(user), self._store.client.pipeline(transaction=True)
        pipeline.hset(key, name, value)
        pipeline.expire(key, math.ceil(seconds))
        pipeline.execute()

    def _drop(self, user, ids) -> int:
        dropped = self._store.client.hdel(self._key(user), *map(to_bytes, ids))
        self._store.client.hdel(self._key(user), *(to_bytes(one + _SEEN) for one in ids))
        return dropped

    def _open(self, user, fields) -> list[Session]:
        texts = {to_text(name): raw for name, raw in fields.items()}
        read = [
            _session(user.name, name, raw, texts.get(name + _SEEN))
            for name, raw in texts.items()
            if not name.endswith(_SEEN)
        ]
        now = self._store.now()
        alive = [one for one in read if one and one.epoch == user.epoch and one.expires_at > now]
        return sorted(alive, key=lambda session: -session.since_at)


def is_open(raw: bytes | None, user: User, now: float) -> bool:
    """Whether this field of the hash is of a session of `user` that goes on."""
    session = _session(user.name, "", raw, None)
    return bool(session) and session.epoch == user.epoch and session.expires_at > now


_KINDS = {"since_at": (int, float), "expires_at": (int, float), "epoch": int, "address": str, "browser": str}


def _session(user: str, session_id: str, raw: bytes | None, seen: bytes | None) -> Session | None:
    record = json_object(raw)
    if not all(name in record and isinstance(record[name], kind) for name, kind in _KINDS.items()):
        return None
    known = {name: record[name] for name in _KINDS}
    return Session(id=session_id, user=user, seen_at=_moment(seen) or record["since_at"], **known)


def _moment(raw: bytes | None) -> float | None:
    try:
        return float(raw) if raw else None
    except ValueError:
        return None
