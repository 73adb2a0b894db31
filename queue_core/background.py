"""Searches of everything in the background: begun by somebody, carried on by whoever sweeps.

A sweeper or an observer carries them on, a bounded piece at a time.  A piece is written down in one step and only where
nobody has written another one meanwhile, so that a process may die anywhere: its last piece is looked at again.
"""

import contextlib
import json
import secrets
from collections.abc import Callable

from queue_core import states
from queue_core.acts import Actor
from queue_core.background_search import (
    CANCELLED,
    DONE,
    FAILED,
    MOST_FOUND,
    RUNNING,
    BackgroundSearch,
    Findings,
    FoundTask,
    read_found,
    read_search,
    written,
)
from queue_core.clock import monotonic
from queue_core.error_group import member
from queue_core.errors import InvalidRequest, MovedOn, SearchNotFound, StoreCorrupt
from queue_core.masking import masking_of, read_rules
from queue_core.query_syntax import parse
from queue_core.store import Store
from queue_core.task_facts import read_places
from queue_core.text import to_bytes, to_text

MOST_RUNNING = 3
MOST_KEPT = 20
KEEP_SECONDS = 86_400
PIECE = 2_000
PIECE_SECONDS = 0.1
_AT_ONCE = 200


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
        fields = {"record": json.dumps(record), "status": RUNNING, "findings": written(Findings())}
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
        found = read_search(search_id, self._store.client.hgetall(self._store.keys.background_search(search_id)))
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
        return self._now_at([one for one in map(read_found, raw) if one is not None])

    def chosen(self, search_id: str, state: str) -> dict[str, list[str]]:
        """{queue: ids} of those that it found in a state; wherever they are now."""
        key, chosen = self._store.keys.background_found(search_id), {}
        for first in range(0, MOST_FOUND, 1000):
            raw = self._store.client.zrange(key, first, first + 999)
            for one in map(read_found, raw):
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
            pipeline.hset(keys.background_search(search.id), "findings", written(findings))
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
