"""Tokens with which programs use the API: each is of one user, and gives no more than that user may do."""

import hashlib
import hmac
import json
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass, field

from queue_core.errors import InvalidRequest, StoreFull, TokenNotFound
from queue_core.payload import checked_queue
from queue_core.people.rights import METRICS, ROLES, SCOPES, User, usable_scope
from queue_core.store import Store
from queue_core.text import json_object, to_bytes, to_text

MOST_TOKENS = 1000
MOST_QUEUES = 50
LONGEST_NAME = 64
KEEP_EXPIRED_SECONDS = 30 * 86_400
USE_NOTED_SECONDS = 60
"""A use is written down no more often than this."""

_TEXT = re.compile(r"sbx_([0-9a-f]{12})_([A-Za-z0-9_-]{43})\Z")


@dataclass(frozen=True)
class Token:
    """role: the most that it may do, or `metrics` for one that reads the page for Prometheus and nothing else; queues:
    where it may do more than look, with their subqueues, empty: everywhere.

    user: as whom it acts.  Moments in Unix seconds; expires_at None: never; last_used_at to a minute, None: never."""

    id: str
    name: str
    user: str
    role: str
    queues: tuple[str, ...]
    made_by: str
    created_at: float
    expires_at: float | None
    last_used_at: float | None = None
    digest: str = field(default="", repr=False)
    user_since_at: float = 0.0

    def expired(self, now: float) -> bool:
        return self.expires_at is not None and self.expires_at <= now


class Tokens:
    """The register of tokens."""

    def __init__(self, store: Store):
        self._store = store

    def create(
        self, user: User, name: str, *, role: str, queues=(), expires_at: float | None = None, made_by: str
    ) -> tuple[Token, str]:
        """A new token of `user`, and its text, which nothing tells again.

        role, queues: its scope, within what the user may do.  expires_at: Unix seconds, None: never.  Raises
        InvalidRequest, InvalidQueueName."""
        now, queues = self._store.now(), tuple(dict.fromkeys(checked_queue(queue) for queue in queues))
        _check_scope(user, usable_scope(role), queues)
        if expires_at is not None and not now < expires_at < 1e11:
            raise InvalidRequest("A token expires in the future.")
        self._check_room(user, _usable_name(name), now)
        token_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        record = {
            "name": name, "user": user.name, "user_since_at": user.created_at, "role": role, "queues": list(queues),
            "made_by": made_by, "created_at": now, "expires_at": expires_at, "digest": _digest(secret),
        }  # fmt: skip
        self._store.client.hset(self._store.keys.tokens(), token_id, json.dumps(record))
        return _token(token_id.encode(), json.dumps(record).encode(), None), f"sbx_{token_id}_{secret}"

    def all(self, user: str | None = None) -> list[Token]:
        """Every token, or those of one user, by user and name; those that have expired lately too."""
        keys, pipeline = self._store.keys, self._store.client.pipeline()
        records, used = pipeline.hgetall(keys.tokens()).hgetall(keys.tokens_used()).execute()
        found = [_token(token_id, raw, used.get(token_id)) for token_id, raw in records.items()]
        return sorted((one for one in found if one and user in (None, one.user)), key=lambda one: (one.user, one.name))

    def get(self, token_id: str) -> Token:
        """Raises TokenNotFound."""
        found = self._read(token_id)
        if found is None:
            raise TokenNotFound(token_id=token_id)
        return found

    def revoke(self, token_id: str) -> Token:
        """Ends a token; gives it as it was.  Raises TokenNotFound."""
        token = self.get(token_id)
        self._drop([token_id])
        return token

    def revoke_all(self, user: str) -> int:
        """Ends every token of a user; gives how many."""
        ids = [token.id for token in self.all(user)]
        self._drop(ids)
        return len(ids)

    def holder_of(self, text: str) -> Token | None:
        """The token with this text, unless it has expired or was revoked."""
        parts = _TEXT.match(text)
        token = self._read(parts[1]) if parts else None
        # compared for every text of the right shape, so that the time taken does not tell which ids there are
        same = bool(parts) and hmac.compare_digest(_digest(parts[2]), token.digest if token else _digest(""))
        return token if same and token and not token.expired(self._store.now()) else None

    def note_use(self, token: Token) -> None:
        """Writes down that it was used, to a minute; a full Redis does without."""
        now = self._store.now()
        if token.last_used_at is None or now - token.last_used_at >= USE_NOTED_SECONDS:
            with suppress(StoreFull):
                self._store.client.hset(self._store.keys.tokens_used(), token.id, repr(now))

    # -- inside --
    def _read(self, token_id: str) -> Token | None:
        keys, pipeline = self._store.keys, self._store.client.pipeline()
        raw, used = (
            pipeline.hget(keys.tokens(), to_bytes(token_id)).hget(keys.tokens_used(), to_bytes(token_id)).execute()
        )
        return _token(to_bytes(token_id), raw, used)

    def _drop(self, token_ids):
        if token_ids:
            keys, pipeline = self._store.keys, self._store.client.pipeline()
            pipeline.hdel(keys.tokens(), *token_ids).hdel(keys.tokens_used(), *token_ids).execute()

    def _check_room(self, user, name, now):
        tokens = self.all()
        if any(token.user == user.name and token.name == name for token in tokens):
            raise InvalidRequest(f"{user.name} has a token named {name} already.")
        self._drop([token.id for token in tokens if token.expired(now - KEEP_EXPIRED_SECONDS)])
        if self._store.client.hlen(self._store.keys.tokens()) >= MOST_TOKENS:
            raise InvalidRequest(f"There are {MOST_TOKENS} tokens already; revoke some first.")


def _check_scope(user, role, queues):
    if role == METRICS:
        if queues:
            raise InvalidRequest("The page for Prometheus is of all queues; name none for a token that reads it.")
        return
    if len(queues) > MOST_QUEUES:
        raise InvalidRequest(f"A token is for at most {MOST_QUEUES} queues; name the queue above them instead.")
    theirs = [user.role_on(queue) for queue in queues] or [user.highest_role]
    if any(ROLES.index(one) < ROLES.index(role) for one in theirs):
        raise InvalidRequest(f"A token may do no more than its user, and {user.name} is not {role} there.")


def _usable_name(name: str) -> str:
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable() or name != name.strip():
        raise InvalidRequest(f"A token has a name of 1 to {LONGEST_NAME} characters that says what it is for.")
    return name


def _digest(secret: str) -> str:
    # 256 random bits need no slow hash
    return hashlib.sha256(secret.encode()).hexdigest()


_KINDS = {
    "name": str, "user": str, "role": str, "made_by": str, "digest": str, "created_at": (int, float),
    "user_since_at": (int, float), "expires_at": (int, float, type(None)), "queues": list,
}  # fmt: skip


def _token(token_id: bytes, raw: bytes | None, used: bytes | None) -> Token | None:
    """What cannot be read is no token."""
    record = json_object(raw)
    sound = all(name in record and isinstance(record[name], kind) for name, kind in _KINDS.items())
    if not sound or record["role"] not in SCOPES or not all(isinstance(one, str) for one in record["queues"]):
        return None
    known = {name: record[name] for name in _KINDS} | {"queues": tuple(record["queues"])}
    return Token(id=to_text(token_id), last_used_at=_moment(used), **known)


def _moment(raw: bytes | None) -> float | None:
    try:
        return float(raw) if raw else None
    except ValueError:
        return None
