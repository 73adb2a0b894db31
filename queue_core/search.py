"""Searching tasks by a query: what is indexed at once, everything else by a look at the newest tasks.

A look is bounded in tasks and in time, says how far it came, and can be gone on with from there.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from queue_core import states
from queue_core.clock import monotonic
from queue_core.error_group import place as place_in_group
from queue_core.errors import InvalidRequest
from queue_core.query import Query, holding, quoted
from queue_core.query_syntax import FIELDS, parse
from queue_core.store import Store
from queue_core.task_facts import AT_ONCE, TOO_LARGE, TaskFacts, read_places
from queue_core.text import to_bytes, to_text
from queue_core.walk import Position, Source, Walk

ORDER = (states.ERROR, states.ACTIVE, states.QUEUED, states.SCHEDULED)
"""The states in the order in which they are looked at."""
MOST_ROWS = 200
BUDGET = 20_000
BUDGET_SECONDS = 0.3
LEAST_LOOKED_AT = 400
"""So many are looked at before the time counts: a busy machine must not end in an empty page."""
LONGEST_SECONDS = 2.0
"""A look ends after that in any case, with the task it is at."""

_QUEUES_AT_ONCE = 200
_IDS_AT_ONCE = 1000
_MOST_NAMED = 50
_SLACK_SECONDS = 60.0


@dataclass(frozen=True)
class Place:
    """A queue in one state.  count: its tasks; newest_at: the highest score in it; None: unknown."""

    queue: str
    state: str
    count: int | None = None
    newest_at: float | None = None


@dataclass(frozen=True)
class Found:
    """What a look has found.  rows: facts of the tasks that match, newest first, state by state.

    looked_at: tasks up to here, those of earlier looks included.  total: how many there are to look at, None: unknown.
    unknown: tasks of this look of which the query cannot be told; too_large: those among them whose arguments are too
    large to search.  cursor: where to go on; complete: whether there is nothing more.  indexed: the query named ids or
    an error group, so that only these were looked at."""

    rows: list[TaskFacts] = field(default_factory=list)
    looked_at: int = 0
    total: int | None = 0
    unknown: int = 0
    too_large: int = 0
    cursor: str | None = None
    complete: bool = True
    indexed: bool = False


@dataclass(frozen=True)
class _Cursor:
    """state, first: the stretch, by its state and where its queues begin.  position: in it, None at its beginning."""

    looked_at: int
    state: str
    first: str
    position: Position | None


@dataclass(frozen=True)
class _Stretch:
    state: str
    first: str
    sources: list[Source]


def places_of(counts) -> list[Place]:
    """The places that are not empty.  counts: {queue: its counts}, as a snapshot has them."""
    found = []
    for queue, one in counts.items():
        for state in ORDER:
            count = getattr(one, state)
            if count != 0:
                found.append(Place(queue, state, count, one.newest_error_at if state == states.ERROR else None))
    return found


class Search:
    """The room of those who look for tasks by what is in them."""

    fields = FIELDS
    """The names of the terms of a query."""

    def __init__(self, store: Store):
        self._store = store

    query = staticmethod(parse)
    quoted = staticmethod(quoted)
    holding = staticmethod(holding)
    places_of = staticmethod(places_of)

    def scan(
        self,
        query: Query,
        places: list[Place],
        *,
        cursor: str | None = None,
        limit: int = 100,
        budget: int = BUDGET,
        budget_seconds: float = BUDGET_SECONDS,
        mask: Callable[[TaskFacts], TaskFacts] | None = None,
        asked_at: float | None = None,
        by_queue: bool = False,
    ) -> Found:
        """The tasks for which `query` holds, at most `limit` (200), newest first.

        places: where to look, see `places_of`; queues that the query names are looked at in any case.
        cursor: as given by another look for the same query.  budget, budget_seconds: when to stop without an end; at
        least 400 tasks are looked at, unless these alone take seconds.  mask: gives the facts as whoever asks may see
        them; what matches is no other.  Ids are looked up at once, an error group in its index.
        asked_at: ages count from then, not from now.  by_queue: one queue after the other, the newest first in each,
        which is cheaper for a look at everything.

        Raises InvalidRequest for a cursor that is none."""
        start = _read_cursor(cursor) if cursor else None
        look = _Look(self._store, query, mask, max(1, min(limit, MOST_ROWS)), budget, budget_seconds, asked_at)
        if query.id_hint() is not None:
            look.looked_at = start.looked_at if start else 0
            return look.at_all(*self._whereabouts(query, places, start, look))
        if query.group_hint() is not None:
            stretches, total = self._groups(query)
        else:
            wanted = self._wanted(query, places)
            stretches = (self._one_by_one if by_queue else self._stretches)(wanted, start)
            total = _total(wanted)
        return look.along(stretches, start, total, indexed=query.group_hint() is not None)

    # -- where to look --

    def _wanted(self, query, places) -> list[Place]:
        named = query.queue_hint()
        if named is not None and len(named) <= _MOST_NAMED:
            places = self._sized([Place(queue, state) for queue in sorted(named) for state in ORDER])
        possible = {state for state in ORDER if query.may_hold(None, state)}
        return [place for place in places if place.state in possible and query.may_hold(place.queue, place.state)]

    def _sized(self, places) -> list[Place]:
        pipeline = self._store.client.pipeline(transaction=False)
        for place in places:
            pipeline.zcard(self._store.keys.state(place.state, place.queue))
        sizes = pipeline.execute(raise_on_error=False) if places else []
        counted = [(place, size if isinstance(size, int) else None) for place, size in zip(places, sizes, strict=True)]
        return [Place(place.queue, place.state, size) for place, size in counted if size != 0]

    def _stretches(self, places, start):
        by_state = {state: sorted((p for p in places if p.state == state), key=_by_name) for state in ORDER}
        for state in ORDER[ORDER.index(start.state) if start else 0 :]:
            resumed = start.first if start and state == start.state else ""
            waiting = [place for place in by_state[state] if to_bytes(place.queue) >= to_bytes(resumed)]
            # of errors it is known where the newest are; of the others each queue of a stretch has to be asked
            at_once = len(waiting) if state == states.ERROR else _QUEUES_AT_ONCE
            for first in range(0, len(waiting), at_once or 1):
                some = waiting[first : first + at_once]
                name = some[0].queue if first else resumed
                yield _Stretch(state, name, [self._source(place) for place in some])

    def _one_by_one(self, places, start):
        for place in sorted(places, key=_in_turn):
            if not start or _in_turn(place) >= (ORDER.index(start.state), to_bytes(start.first)):
                yield _Stretch(place.state, place.queue, [self._source(place)])

    def _source(self, place) -> Source:
        newest_at = math.inf if place.newest_at is None else place.newest_at + _SLACK_SECONDS
        key = self._store.keys.state(place.state, place.queue)
        return Source(
            place.queue,
            key,
            lambda member, score: (place.queue, place.state, to_text(member), score),
            newest_at,
        )

    def _groups(self, query):
        keys, sources, total = self._store.keys, [], 0
        for group_id in sorted(query.group_hint())[:_MOST_NAMED]:
            key = keys.error_group_tasks(group_id)
            total += self._store.client.zcard(key)
            sources.append(Source(group_id, key, _in_group))
        return [_Stretch(states.ERROR, "", sources)], total

    def _whereabouts(self, query, places, start, look) -> tuple[list[tuple], _Cursor | None]:
        """(where the tasks are whose ids the query names: (queue, state, task id, score); where to go on)."""
        ids, looked_at = sorted(query.id_hint()), start.looked_at if start else 0
        wanted = sorted(self._wanted(query, places), key=_in_turn)
        if start:
            wanted = [place for place in wanted if _in_turn(place) >= (ORDER.index(start.state), to_bytes(start.first))]
        found, at_once = [], max(1, min(AT_ONCE, _IDS_AT_ONCE // max(1, len(ids))))
        for first in range(0, len(wanted), at_once):
            for at, rows in enumerate(self._rows_of(wanted[first : first + at_once], ids), first):
                if at and (len(found) + len(rows) > look.limit or look.has_looked_in(at)):
                    return found, _Cursor(looked_at + len(found), wanted[at].state, wanted[at].queue, None)
                found += rows
        return found, None

    def _rows_of(self, places, ids):
        """For each place its tasks among `ids`: (queue, state, task id, score)."""
        pipeline, members = self._store.client.pipeline(transaction=False), [to_bytes(one) for one in ids]
        for place in places:
            pipeline.zmscore(self._store.keys.state(place.state, place.queue), members)
        for place, scores in zip(places, pipeline.execute(raise_on_error=False), strict=True):
            known = scores if isinstance(scores, list) else [None] * len(ids)
            yield [(place.queue, place.state, *pair) for pair in zip(ids, known, strict=True) if pair[1] is not None]


class _Look:
    """One look: what was found so far, and the judgement on each task."""

    def __init__(self, store, query, mask, limit, budget, budget_seconds, asked_at):
        self._store, self._query, self.limit, self._budget = store, query, limit, budget
        self._mask = mask if query.reads else None
        self._now = store.now() if asked_at is None else asked_at
        self._ends_at = monotonic() + budget_seconds
        self._longest = max(budget_seconds, LONGEST_SECONDS)
        self._stops_at = monotonic() + self._longest
        self._before = 0
        self.rows, self.looked_at, self.unknown, self.too_large = [], 0, 0, 0

    def has_looked_in(self, count: int) -> bool:
        """Whether that many places are enough for one look."""
        return count >= self._budget or monotonic() >= self._stops_at

    def at_all(self, places, cursor) -> Found:
        """At tasks that are known by name.  cursor: where others may be that were not looked up yet."""
        for first in range(0, len(places), AT_ONCE):
            for facts in self._read(places[first : first + AT_ONCE]):
                self._judge(facts)
        return self.found(len(places), cursor, True)

    def along(self, stretches, start, total, *, indexed) -> Found:
        """Along the newest of each stretch, until there are enough, or the budget is used up."""
        self.looked_at = self._before = start.looked_at if start else 0
        for stretch in stretches:
            is_first = start and (stretch.state, stretch.first) == (start.state, start.first)
            walk = Walk(self._store, stretch.sources, start.position if is_first else None)
            while met := walk.take(min(AT_ONCE, max(1, self._budget - self.looked_at + self._before))):
                if self.looked_at == self._before:
                    # what it takes to find the place again must not use it up: no look would get on then
                    self._stops_at = monotonic() + self._longest
                stopped_at = self._judge_all(met, indexed)
                if stopped_at or self._is_over():
                    position = stopped_at or met[-1].position
                    return self.found(total, _Cursor(self.looked_at, stretch.state, stretch.first, position), indexed)
        return self.found(total, None, indexed)

    def _judge_all(self, met, indexed) -> Position | None:
        """Where there were enough or the time was over, else None."""
        there = self._still_there(met) if indexed else met
        for one, facts in zip(there, self._read([one.place for one in there]), strict=True):
            self._judge(facts)
            if len(self.rows) == self.limit or self._is_late():
                return one.position
        self.looked_at += len(met) - len(there)
        return None

    def _is_over(self) -> bool:
        return self.looked_at - self._before >= self._budget or self._is_late()

    def _is_late(self) -> bool:
        ends_at = self._ends_at if self.looked_at - self._before >= LEAST_LOOKED_AT else self._stops_at
        return monotonic() >= ends_at

    def _still_there(self, met):
        """Those that have not left, or failed again, since they were indexed."""
        pipeline = self._store.client.pipeline(transaction=False)
        for one in met:
            queue, state, task_id, _ = one.place
            pipeline.zscore(self._store.keys.state(state, queue), to_bytes(task_id))
        scores = pipeline.execute(raise_on_error=False)
        return [one for one, score in zip(met, scores, strict=True) if score == one.place[3]]

    def _read(self, places) -> Iterable[TaskFacts]:
        # hidden one by one: of long texts that takes longest, and the time may be over before the last one
        found = read_places(self._store, places, self._query.reads)
        return map(self._mask, found) if self._mask else found

    def _judge(self, facts) -> None:
        self.looked_at += 1
        answer = self._query.holds(facts, self._now)
        if answer:
            self.rows.append(facts)
        elif answer is None:
            self.unknown += 1
            self.too_large += facts.unread == TOO_LARGE

    def found(self, total, cursor, indexed) -> Found:
        return Found(
            rows=self.rows,
            looked_at=self.looked_at,
            total=total,
            unknown=self.unknown,
            too_large=self.too_large,
            cursor=cursor and _written(cursor),
            complete=cursor is None,
            indexed=indexed,
        )


def _by_name(place):
    return to_bytes(place.queue)


def _in_turn(place):
    return ORDER.index(place.state), to_bytes(place.queue)


def _in_group(member, score):
    found = place_in_group(member)
    return found and (found[0], states.ERROR, found[1], score)


def _total(places) -> int | None:
    counts = [place.count for place in places]
    return None if None in counts else sum(counts)


def _written(cursor: _Cursor) -> str:
    position = cursor.position
    parts = [str(cursor.looked_at), cursor.state, to_bytes(cursor.first).hex()]
    if position is not None:
        parts += [repr(position.score), to_bytes(position.source).hex(), position.member.hex()]
    return ":".join(parts)


def _read_cursor(text: str) -> _Cursor:
    try:
        looked_at, state, first, *place = text.split(":")
        position = None
        if place:
            score, source, member = place
            position = Position(float(score), to_text(bytes.fromhex(source)), bytes.fromhex(member))
        sound = state in ORDER and len(looked_at) < 13 and (position is None or not math.isnan(position.score))
        if not sound:
            raise ValueError(text)
        return _Cursor(max(0, int(looked_at)), state, to_text(bytes.fromhex(first)), position)
    except ValueError as error:
        raise InvalidRequest("That page address is not complete; begin at the first page.") from error
