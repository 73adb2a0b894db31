"""Links with which users set a password of their own: each works once, for a day, and a newer one takes its place."""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field

from queue_core.people.rights import User
from queue_core.store import Store
from queue_core.text import json_object, to_bytes

LINK_SECONDS = 86_400


@dataclass(frozen=True)
class Link:
    """Moments in Unix seconds."""

    user: str
    made_by: str
    created_at: float
    expires_at: float
    digest: str = field(default="", repr=False)
    user_since_at: float = 0.0

    def is_open(self, user: User, now: float) -> bool:
        # a user who was removed and added again is another one
        return self.expires_at > now and self.user_since_at == user.created_at


class Links:
    """The register of links, at most one of each user."""

    def __init__(self, store: Store):
        self._store = store

    def create(self, user: User, *, made_by: str) -> tuple[Link, str]:
        """A new link of `user`, in the place of an older one, and its secret, which nothing tells again."""
        now, secret = self._store.now(), secrets.token_urlsafe(32)
        record = {
            "made_by": made_by, "created_at": now, "expires_at": now + LINK_SECONDS, "digest": _digest(secret),
            "user_since_at": user.created_at,
        }  # fmt: skip
        pipeline = self._store.client.pipeline(transaction=True)
        pipeline.hset(self._store.keys.links(), to_bytes(user.name), json.dumps(record))
        pipeline.expire(self._store.keys.links(), LINK_SECONDS)
        pipeline.execute()
        return Link(user.name, **record), secret

    def of(self, user: User) -> Link | None:
        """The link of `user` that can still be used."""
        found = read_link(user.name, self._store.client.hget(self._store.keys.links(), to_bytes(user.name)))
        return found if found and found.is_open(user, self._store.now()) else None

    def revoke(self, name: str) -> bool:
        """Ends the link of a user; whether there was one."""
        return bool(self._store.client.hdel(self._store.keys.links(), to_bytes(name)))


def fits(link: Link | None, secret: str) -> bool:
    """Whether this is the secret of `link`."""
    # compared without a link too, so that the time taken does not tell whose there are
    same = hmac.compare_digest(_digest(secret), link.digest if link else _digest(""))
    return same and link is not None


_KINDS = {
    "made_by": str, "digest": str, "created_at": (int, float), "expires_at": (int, float),
    "user_since_at": (int, float),
}  # fmt: skip


def read_link(name: str, raw: bytes | None) -> Link | None:
    """What cannot be read is no link."""
    record = json_object(raw)
    sound = all(one in record and isinstance(record[one], kind) for one, kind in _KINDS.items())
    return Link(name, **{one: record[one] for one in _KINDS}) if sound and record["digest"].isascii() else None


def _digest(secret: str) -> str:
    # 256 random bits need no slow hash
    return hashlib.sha256(to_bytes(secret)).hexdigest()
