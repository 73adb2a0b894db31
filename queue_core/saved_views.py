"""Addresses of pages that people keep under a name: their own, and those that are shared by all.

Each person has a hash of few entries, and so have all together; a hash that nobody has changed for long goes by itself.
"""

import json
from dataclasses import dataclass

from queue_core.errors import InvalidRequest, MovedOn
from queue_core.store import Store
from queue_core.text import json_object, to_bytes, to_text

MOST_VIEWS = 50
MOST_NAME_CHARACTERS = 60
MOST_ADDRESS_CHARACTERS = 2500
KEEP_SECONDS = 400 * 86_400


@dataclass(frozen=True)
class SavedView:
    """address: path and query.  shared: for all.  at: when it was saved, Unix seconds."""

    name: str
    address: str
    shared: bool
    by: str
    at: float


class SavedViews:
    """The room of kept addresses.  owner: a user's name, or None for those that are shared."""

    def __init__(self, store: Store):
        self._store = store

    def of(self, user: str) -> list[SavedView]:
        """The user's own views by name, then the shared ones; what cannot be read is left out."""
        pipeline = self._store.client.pipeline(transaction=False)
        for owner in (user, None):
            pipeline.hgetall(self._key(owner))
        replies = pipeline.execute(raise_on_error=False)
        return [
            view
            for owner, rows in zip((user, None), replies, strict=True)
            if isinstance(rows, dict)
            for name, raw in sorted(rows.items())
            if (view := _read(to_text(name), raw, owner is None)) is not None
        ]

    def save(self, owner: str | None, name: str, address: str, *, by: str) -> None:
        """Keeps an address; one of the same name is replaced.  Raises InvalidRequest."""
        name = _usable(name)
        if not address.startswith("/") or address.startswith("//") or len(address) > MOST_ADDRESS_CHARACTERS:
            raise InvalidRequest("That is no address of a page here.")
        key, field = self._key(owner), to_bytes(name)
        if not self._store.client.hexists(key, field) and self._store.client.hlen(key) >= MOST_VIEWS:
            raise InvalidRequest(f"There are {MOST_VIEWS} saved views already; delete one first.")
        self._write(key, field, json.dumps({"address": address, "by": by, "at": self._store.now()}))

    def rename(self, owner: str | None, name: str, new_name: str) -> None:
        """Gives a view another name.  Raises MovedOn, InvalidRequest for a name that is taken or cannot be used."""
        key, new_name = self._key(owner), _usable(new_name)
        raw = self._store.client.hget(key, to_bytes(name))
        if raw is None:
            raise MovedOn("There is no such saved view any more.")
        if self._store.client.hexists(key, to_bytes(new_name)):
            raise InvalidRequest(f"There is a saved view of the name {new_name} already.")
        self._write(key, to_bytes(new_name), raw)
        self._store.client.hdel(key, to_bytes(name))

    def delete(self, owner: str | None, name: str) -> None:
        """Raises MovedOn."""
        if not self._store.client.hdel(self._key(owner), to_bytes(name)):
            raise MovedOn("There is no such saved view any more.")

    def _key(self, owner) -> bytes:
        keys = self._store.keys
        return keys.shared_views() if owner is None else keys.own_views(owner)

    def _write(self, key, field, raw):
        pipeline = self._store.client.pipeline()
        pipeline.hset(key, field, raw)
        pipeline.expire(key, KEEP_SECONDS)
        pipeline.execute()


def _usable(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > MOST_NAME_CHARACTERS or not name.isprintable():
        raise InvalidRequest(f"A view has a name of 1 to {MOST_NAME_CHARACTERS} printable characters.")
    return name


def _read(name, raw, shared) -> SavedView | None:
    found = json_object(raw)
    address, at = found.get("address"), found.get("at")
    sound = isinstance(address, str) and address.startswith("/") and not address.startswith(("//", "/\\"))
    if not sound or not isinstance(at, (int, float)):
        return None
    return SavedView(name, address, shared, str(found.get("by") or ""), float(at))
