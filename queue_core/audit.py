"""The audit trail: every act of a person, oldest entries trimmed.

Acts on tasks and queues are written by the script that does them.  Here stand the reader, and the door for what no
script does: refusals, logins, changes of users.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from queue_core.acts import Actor, act
from queue_core.errors import InvalidRequest
from queue_core.store import Store
from queue_core.text import json_object, to_text

_SCAN_STEP = 200
_WALK_STEP = 500
_PAGES_FOR_A_REQUEST = 20
_ACTS_A_PAGE = 1000
_SCAN_LIMIT = 5_000
"""A filtered page looks at no more entries than this; it says so by giving a cursor and few entries."""


@dataclass(frozen=True)
class AuditEntry:
    """outcome: done | refused | failed.  facts: whatever else belongs to the verb."""

    id: str
    at: float
    actor: str
    door: str
    verb: str
    queue: str | None = None
    task_id: str | None = None
    operation_id: str | None = None
    reason: str = ""
    outcome: str = "done"
    facts: dict = field(default_factory=dict)


_FIELDS = dict.fromkeys(("actor", "door", "verb", "queue", "task_id", "operation_id", "reason", "outcome"), str) | {
    "facts": dict
}


@dataclass(frozen=True)
class AuditPage:
    """entries: newest first; next_cursor: where older ones begin, None at the end."""

    entries: list[AuditEntry]
    next_cursor: str | None


class Audit:
    """The room of those who ask who did what."""

    def __init__(self, store: Store):
        self._store = store

    def record(
        self, verb: str, *, actor: Actor, queue=None, task_id=None, reason="", outcome="refused", **facts
    ) -> None:
        """Writes an entry for what no script records.  Raises StoreUnavailable, StoreFull."""
        entry = act(verb, actor, queue=queue, task_id=task_id, reason=reason, outcome=outcome, **facts)
        self._store.client.xadd(
            self._store.keys.audit(), {"act": entry}, maxlen=self._store.settings.max_audit_entries, approximate=True
        )

    def page(self, *, cursor: str | None = None, limit: int = 50, since_at=None, until_at=None, **wanted) -> AuditPage:
        """Entries older than `cursor`, newest first.

        since_at, until_at: only from and up to these moments, Unix seconds.  wanted: verb, actor, door, outcome, queue,
        task_id, operation_id; those that are None do not filter.  Raises InvalidRequest for a cursor or a moment that
        is none."""
        oldest = "-" if since_at is None else str(_milliseconds(since_at))
        if cursor:
            _usable_id(cursor)
        elif until_at is not None:
            cursor = f"{_milliseconds(until_at) + 1}-0"
        wanted = {name: value for name, value in wanted.items() if value}
        marks = [json.dumps(value).encode() for value in wanted.values()]
        entries, looked_at, last = [], 0, cursor
        while looked_at < _SCAN_LIMIT:
            rows = self._older_than(last, _SCAN_STEP if wanted else limit + 1, oldest)
            for entry_id, fields in rows:
                if len(entries) == limit:
                    return AuditPage(entries, entries[-1].id)
                last = to_text(entry_id)
                # decoding is what costs, so entries that cannot match are not decoded
                if not all(mark in fields.get(b"act", b"") for mark in marks):
                    continue
                entry = _entry(entry_id, fields)
                if all(getattr(entry, name) == value for name, value in wanted.items()):
                    entries.append(entry)
            looked_at += len(rows)
            if len(rows) < (_SCAN_STEP if wanted else limit + 1):
                return AuditPage(entries, None)
        return AuditPage(entries, last)

    def walk(self, **wanted) -> Iterator[AuditEntry]:
        """Every entry that `page` would give, newest first, read in steps; entries written meanwhile are left out.

        Raises StoreUnavailable, at any step."""
        cursor, more = None, True
        while more:
            page = self.page(cursor=cursor, limit=_WALK_STEP, **wanted)
            yield from page.entries
            cursor, more = page.next_cursor, page.next_cursor is not None

    def newer_than(self, entry_id: str | None, limit: int) -> list[AuditEntry]:
        """The `limit` entries that follow this one, oldest first; None: the oldest that there are.

        Raises InvalidRequest for an id that is none."""
        first = f"({_usable_id(entry_id)}" if entry_id else "-"
        rows = self._store.client.xrange(self._store.keys.audit(), min=first, count=limit)
        return [_entry(found_id, fields) for found_id, fields in rows]

    def of_request(self, request: str, *, actor: Actor, since_at: float) -> tuple[list[AuditEntry], bool]:
        """(what `actor` has done under the key `request` since a moment, newest first; whether that is all of it).

        It need not be all where the trail was trimmed since, or holds too many acts of theirs."""
        cursor, found, wanted = None, [], {"actor": actor.name, "door": actor.door, "outcome": "done"}
        for _ in range(_PAGES_FOR_A_REQUEST):
            page = self.page(cursor=cursor, limit=_ACTS_A_PAGE, since_at=since_at, **wanted)
            found += [one for one in page.entries if _is_under(one, request, actor.token)]
            cursor = page.next_cursor
            if cursor is None:
                return found, self._reaches_back_to(since_at)
        return found, False

    def _reaches_back_to(self, moment) -> bool:
        if self._store.client.xlen(self._store.keys.audit()) < self._store.settings.max_audit_entries:
            return True
        oldest = self.newer_than(None, 1)
        return bool(oldest) and oldest[0].at <= moment

    def holds(self, entry_id: str) -> bool:
        """Whether the trail still has this entry."""
        entry_id = _usable_id(entry_id)
        return bool(self._store.client.xrange(self._store.keys.audit(), min=entry_id, max=entry_id, count=1))

    def _older_than(self, entry_id, count, oldest):
        newest = f"({entry_id}" if entry_id else "+"
        return self._store.client.xrevrange(self._store.keys.audit(), max=newest, min=oldest, count=count)


def _is_under(entry, request, token) -> bool:
    return entry.facts.get("request") == request and entry.facts.get("token", "") == token


def _milliseconds(moment: float) -> int:
    if not 0 <= moment < 1e11:
        raise InvalidRequest("That is not a moment after 1970.")
    return int(moment * 1000)


def _usable_id(entry_id: str) -> str:
    if not re.fullmatch(r"(?!0+-0+$)[0-9]{1,19}-[0-9]{1,19}", entry_id):
        raise InvalidRequest("That page address is not complete; begin at the first page.")
    return entry_id


def _entry(entry_id: bytes, fields: dict) -> AuditEntry:
    entry_id = to_text(entry_id)
    at = int(entry_id.partition("-")[0]) / 1000
    written = json_object(fields.get(b"act"))
    known = {name: written[name] for name, kind in _FIELDS.items() if isinstance(written.get(name), kind)}
    return AuditEntry(**{"actor": "?", "door": "?", "verb": "unreadable"} | known, id=entry_id, at=at)
