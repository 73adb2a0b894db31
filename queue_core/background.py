"""Searches of everything in the background: what is looked for, how far the look is, and what it has found.

A sweeper or an observer carries them on, a bounded piece at a time.  A piece is written down in one step and only where
nobody has written another one meanwhile, so that a process may die anywhere: its last piece is looked at again.
"""

import contextlib
import json
import math
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from queue_core import states
from queue_core.acts import Actor
from queue_core.clock import monotonic
from queue_core.error_group import member, place
from queue_core.errors import InvalidRequest, MovedOn, SearchNotFound, StoreCorrupt
from queue_core.masking import masking_of, read_rules
from queue_core.query import parse
from queue_core.store import Store
from queue_core.task_facts import read_places
from queue_core.text import json_object, to_bytes, to_text

RUNNING, DONE, CANCELLED, FAILED = "running", "done", "cancelled", "failed"
MOST_FOUND = 10_000
"""So many of the tasks that match are remembered; all are counted."""
MOST_RUNNING = 3
MOST_KEPT = 20
KEEP_SECONDS = 86_400
MOST_NAMES = 200
MOST_NAME_CHARACTERS = 200
PIECE = 2_000
PIECE_SECONDS = 0.1
BY = ("state", "queue", "func", "exc")
"""What the tasks that match are counted by."""
_AT_ONCE = 200
_NUMBERS = ("looked_at", "matched", "unknown", "too_large")


@dataclass(frozen=True)
class Findings:
    """What a look at everything has found so far.

    looked_at: of total, None while that is unknown.  unknown: of so many it cannot be told whether they match;
    too_large: those among them with arguments that are too long to search.  counts: {a name of BY: {name: tasks that
    match}}; what has no name, or came after 200 names, is counted under an empty one."""

    looked_at: int = 0
    total: int | None = None
    matched: int = 0
    unknown: int = 0
    too_large: int = 0
    counts: dict = field(default_factory=dict)
    cursor: str | None = None

    def with_page(self, found, facts) -> "Findings":
        """The same with one more page.  found: as `search.scan` gives it; facts: of its rows, whole."""
        return Findings(
            looked_at=max(found.looked_at, self.looked_at),
            total=None if found.total is None else max(found.total, found.looked_at),
            matched=self.matched + len(found.rows),
            unknown=self.unknown + found.unknown,
            too_large=self.too_large + found.too_large,
            counts={by: _added(self.counts.get(by, {}), Counter(_name_of(by, each) for each in facts)) for by in BY},
            cursor=found.cursor,
        )

    @property
    def percent(self) -> int:
        return min(99, 100 * self.looked_at // self.total) if self.total else 0


@dataclass(frozen=True)
class BackgroundSearch:
    """status: running | done | cancelled | failed; because: of a failed one, why.  masked_by: without whose secrets it
    looks, see `queue_core.masking`; created_at: ages count from then.  kept: so many are remembered one by one."""

    id: str
    query: str
    actor: str
    door: str
    reason: str
    created_at: float
    masked_by: tuple
    status: str = RUNNING
    because: str = ""
    ended_at: float | None = None
    findings: Findings = Findings()
    raw: bytes = field(default=b"", repr=False)

    @property
    def ended(self) -> bool:
        return self.status != RUNNING

    @property
    def kept(self) -> int:
        return min(self.findings.matched, MOST_FOUND)

    @property
    def percent(self) -> int:
        return 100 if self.status == DONE else self.findings.percent

    def seconds_left(self, now: float) -> float | None:
        """About how long it will still take; None when it has ended, or there is nothing to judge by."""
        looked_at, total = self.findings.looked_at, self.findings.total
        if self.ended or not looked_at or not total or now <= self.created_at:
            return None
        return max(total - looked_at, 0) * (now - self.created_at) / looked_at


@dataclass(frozen=True)
class FoundTask:
    """was: the state in which it was found.  state, at: where it is in that queue now, and its score; None: gone."""

    queue: str
    id: str
    was: str
    state: str | None = None
    at: float | None = None


def look_on(scan: Callable, store: Store, query, places, findings: Findings, *, seconds=PIECE_SECONDS, **how):
    """(the findings after one more piece, the tasks that it has found).  scan: that of `search`; how: for it."""
    ends_at, rows, before = monotonic() + seconds, [], findings.looked_at
    while True:
        left = max(0.0, ends_at - monotonic())
        page = scan(
            query,
            places,
            cursor=findings.cursor,
            limit=_AT_ONCE,
            budget=PIECE,
            budget_seconds=left,
            by_queue=True,
            **how,
        )
        facts = read_places(store, [(one.queue, one.state, one.id, one.at) for one in page.rows])
        findings, rows = findings.with_page(page, facts), rows + page.rows
        if findings.cursor is None or findings.looked_at - before >= PIECE or monotonic() >= ends_at:
            return findings, rows


class BackgroundSearches:
    """The room of searches that somebody has asked for and a sweeper carries out.  scan: that of the room `search`."""

    def __init__(self, store: Store, scan: Callable):
        self._store, self._scan = store, scan

    def start(
        self, query: str, *, actor: Actor, reason: str = "", masked_by: tuple[str, str, str] = ("", "", "")
    ) -> BackgroundSearch:
        """Writes the search down; nothing is looked at yet.  At most three run at a time.

        masked_by: the rules of `queue_core.masking` without whose secrets it looks.  Raises InvalidRequest."""
        asked = parse(query)
        if asked.is_empty:
            raise InvalidRequest("Type what to look for.")
        if len(self.running()) >= MOST_RUNNING:
            raise InvalidRequest(f"{MOST_RUNNING} searches are running already; wait for one, or cancel it.")
        record = {
            "query": asked.text, "actor": actor.name, "door": actor.door, "reason": reason,
            "created_at": self._store.now(), "masked_by": masked_by,
        }  # fmt: skip
        search_id, keys, pipeline = (
            secrets.token_hex(8),
            self._store.keys,
            self._store.client.pipeline(transaction=True),
        )
        fields = {"record": json.dumps(record), "status": RUNNING, "findings": _written(Findings())}
        pipeline.hset(keys.background_search(search_id), mapping=fields)
        pipeline.expire(keys.background_search(search_id), KEEP_SECONDS)
        pipeline.zadd(keys.background_searches(), {search_id: record["created_at"]})
        pipeline.expire(keys.background_searches(), KEEP_SECONDS)
        pipeline.execute()
        self._drop_oldest()
        return self.get(search_id)

    def step(self, search_id: str, places: list) -> BackgroundSearch:
        """Looks at one piece; gives the search as it is then.  places: where to look, see `search.places_of`.

        Nothing when it has ended.  Raises SearchNotFound."""
        search = self.get(search_id)
        if search.ended:
            return search
        query, masking = _understood(search)
        if query is None:
            self._end(search, FAILED, "its query cannot be read here")
            return self.get(search_id)
        findings, rows = look_on(
            self._scan, self._store, query, places, search.findings,
            mask=lambda facts: facts.masked(masking), asked_at=search.created_at,
        )  # fmt: skip
        self._note(search, findings, rows)
        return self.get(search_id)

    def cancel(self, search_id: str) -> None:
        """Ends it; what it has found so far stays for a day.  Raises SearchNotFound, MovedOn."""
        for _ in range(100):
            search = self.get(search_id)
            if search.ended:
                raise MovedOn("The search has ended already.")
            if self._end(search, CANCELLED):
                return
        raise MovedOn("The search goes on too fast to be cancelled; try again.")

    def give_up(self, search_id: str, because: str) -> None:
        """Ends it since something is wrong with it.  Raises SearchNotFound."""
        self._end(self.get(search_id), FAILED, because)

    def get(self, search_id: str) -> BackgroundSearch:
        """Raises SearchNotFound."""
        found = _read(search_id, self._store.client.hgetall(self._store.keys.background_search(search_id)))
        if found is None:
            raise SearchNotFound(search_id=search_id)
        return found

    def newest(self) -> list[BackgroundSearch]:
        """All that are kept, at most about twenty, the newest first."""
        found = []
        for search_id in reversed(self._listed()):
            with contextlib.suppress(SearchNotFound, StoreCorrupt):
                found.append(self.get(search_id))
        return found

    def running(self) -> list[str]:
        """The ids of those that have not ended, the oldest first; those whose record is gone leave the list."""
        ids, keys = self._listed(), self._store.keys
        pipeline = self._store.client.pipeline()
        for search_id in ids:
            pipeline.hget(keys.background_search(search_id), "status")
        replies = pipeline.execute(raise_on_error=False) if ids else []
        gone = [one for one, status in zip(ids, replies, strict=True) if status is None]
        if gone:
            self._store.client.zrem(keys.background_searches(), *map(to_bytes, gone))
        return [one for one, status in zip(ids, replies, strict=True) if status == RUNNING.encode()]

    def found(self, search_id: str, *, first: int = 0, limit: int = 50) -> list[FoundTask]:
        """Tasks that it has found, in the order in which it did, each with where it is now; at most 200."""
        limit = max(1, min(limit, _AT_ONCE))
        raw = self._store.client.zrange(self._store.keys.background_found(search_id), first, first + limit - 1)
        return self._now_at([one for one in map(_found, raw) if one is not None])

    def chosen(self, search_id: str, state: str) -> dict[str, list[str]]:
        """{queue: ids} of those that it found in a state; wherever they are now."""
        key, chosen = self._store.keys.background_found(search_id), {}
        for first in range(0, MOST_FOUND, 1000):
            raw = self._store.client.zrange(key, first, first + 999)
            for one in map(_found, raw):
                if one is not None and one.was == state:
                    chosen.setdefault(one.queue, []).append(one.id)
            if len(raw) < 1000:
                break
        return chosen

    # -- inside --

    def _now_at(self, found) -> list[FoundTask]:
        pipeline, keys = self._store.client.pipeline(), self._store.keys
        for one in found:
            for state in states.ALL:
                pipeline.zscore(keys.state(state, one.queue), to_bytes(one.id))
        replies = pipeline.execute(raise_on_error=False) if found else []
        width, placed = len(states.ALL), []
        for number, one in enumerate(found):
            scores = dict(zip(states.ALL, replies[number * width : (number + 1) * width], strict=True))
            there = {state: score for state, score in scores.items() if isinstance(score, float)}
            state = one.was if one.was in there else next(iter(there), None)
            placed.append(FoundTask(one.queue, one.id, one.was, state, there.get(state)))
        return placed

    def _note(self, search, findings, rows):
        keys, kept = self._store.keys, search.kept
        remembered = {
            to_bytes(f"{row.state}:") + member(row.queue, row.id): kept + at
            for at, row in enumerate(rows[: MOST_FOUND - kept])
        }

        def write(pipeline):
            pipeline.hset(keys.background_search(search.id), "findings", _written(findings))
            if findings.cursor is None:
                pipeline.hset(keys.background_search(search.id), mapping=self._ending(DONE, ""))
            if remembered:
                pipeline.zadd(keys.background_found(search.id), remembered, nx=True)
            self._keep(pipeline, search.id)

        self._write(search, write)

    def _end(self, search, status, because="") -> bool:
        def write(pipeline):
            pipeline.hset(self._store.keys.background_search(search.id), mapping=self._ending(status, because))
            self._keep(pipeline, search.id)

        return self._write(search, write)

    def _write(self, search, write) -> bool:
        before = {"status": RUNNING.encode(), "findings": search.raw}
        return self._store.write_while(self._store.keys.background_search(search.id), before, write)

    def _ending(self, status, because):
        return {"status": status, "because": because, "ended_at": repr(self._store.now())}

    def _keep(self, pipeline, search_id):
        keys = self._store.keys
        for key in (keys.background_search(search_id), keys.background_found(search_id), keys.background_searches()):
            pipeline.expire(key, KEEP_SECONDS)

    def _listed(self) -> list[str]:
        most = MOST_KEPT + MOST_RUNNING
        return [to_text(one) for one in self._store.client.zrange(self._store.keys.background_searches(), -most, -1)]

    def _drop_oldest(self):
        keys, running = self._store.keys, set(self.running())
        ids = [to_text(one) for one in self._store.client.zrange(keys.background_searches(), 0, 99)]
        for search_id in [one for one in ids if one not in running][: max(0, len(ids) - MOST_KEPT)]:
            pipeline = self._store.client.pipeline()
            pipeline.unlink(keys.background_search(search_id), keys.background_found(search_id))
            pipeline.zrem(keys.background_searches(), to_bytes(search_id))
            pipeline.execute()


def _understood(search):
    try:
        rules = read_rules(search.masked_by)
        return (parse(search.query), masking_of(rules)) if rules else (None, None)
    except InvalidRequest:
        return None, None


def _name_of(by, facts):
    if by == "exc":
        return (facts.exception_name or "").replace(":", ".")
    return (facts.func or "").replace(":", ".") if by == "func" else getattr(facts, by)


def _added(before, more) -> dict:
    counts = Counter(before)
    for name, count in more.items():
        fits = len(name) <= MOST_NAME_CHARACTERS and (name in counts or len(counts) < MOST_NAMES)
        counts[name if fits else ""] += count
    return dict(counts)


def _written(findings) -> str:
    numbers = {name: getattr(findings, name) for name in (*_NUMBERS, "total", "cursor")}
    return json.dumps(numbers | {"counts": findings.counts})


def _found(raw) -> FoundTask | None:
    state, _, rest = raw.partition(b":")
    where = place(rest)
    known = where is not None and to_text(state) in states.ALL
    return FoundTask(*where, was=to_text(state)) if known else None


def _read(search_id, fields) -> BackgroundSearch | None:
    record, raw = json_object(fields.get(b"record", b"")), fields.get(b"findings", b"")
    findings, status = _read_findings(json_object(raw)), to_text(fields.get(b"status", b""))
    texts = [record.get(name) for name in ("query", "actor", "door", "reason")]
    created_at, ended_at = record.get("created_at"), _moment(fields.get(b"ended_at"))
    sound = all(isinstance(one, str) for one in texts) and _is_moment(created_at)
    if not sound or findings is None or status not in (RUNNING, DONE, CANCELLED, FAILED):
        return None
    rules, because = record.get("masked_by"), to_text(fields.get(b"because", b""))
    masked_by = tuple(rules) if isinstance(rules, list) else ()
    return BackgroundSearch(search_id, *texts, created_at, masked_by, status, because, ended_at, findings, raw)


def _read_findings(found) -> Findings | None:
    numbers, counts = [found.get(name) for name in _NUMBERS], found.get("counts")
    total, cursor = found.get("total"), found.get("cursor")
    whole = all(type(one) is int and one >= 0 for one in (*numbers, 0 if total is None else total))
    if not whole or not isinstance(counts, dict) or not isinstance(cursor, str | None):
        return None
    if not all(_is_counted(one) for one in counts.values()):
        return None
    return Findings(**dict(zip(_NUMBERS, numbers, strict=True)), total=total, counts=counts, cursor=cursor)


def _is_counted(counts) -> bool:
    return isinstance(counts, dict) and all(type(one) is int for one in counts.values())


def _is_moment(value) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


def _moment(raw) -> float | None:
    try:
        return None if raw is None or not math.isfinite(float(raw)) else float(raw)
    except ValueError:
        return None
