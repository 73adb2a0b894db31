"""What was typed into the filter of a list of tasks, understood or with its fault, and the list that it gives."""

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from heapq import nlargest
from itertools import islice
from operator import itemgetter

from flask import request

from console import paging, presenters, reading
from console.auth import current_user, user_may
from console.counts import totals
from console.current import engine, now, settings, snapshot
from queue_core import states
from queue_core.errors import InvalidRequest

OLD_NAMES = {"queue": "queue", "func": "func", "exc": "exc"}
"""Parameters of addresses that were kept from before, and the terms that say the same."""

MOST_OFFERED = 200
MAX_FACETS = 8
MOST_ROWS = 100


@dataclass(frozen=True)
class Fault:
    """What is wrong with a query.  before and rest: what was typed, parted where it is wrong."""

    sentence: str
    before: str
    rest: str


@dataclass(frozen=True)
class Filter:
    """typed: as it stands in the field.  query: what it asks, None when it has a fault."""

    typed: str
    query: object
    fault: Fault | None = None

    @classmethod
    def of(cls, typed: str) -> "Filter":
        try:
            return cls(typed, engine().search.query(typed))
        except InvalidRequest as fault:
            return cls(typed, None, Fault(str(fault), typed[: fault.at], typed[fault.at :]))

    @classmethod
    def of_request(cls) -> "Filter":
        return cls.of(request.args.get("q", "").strip())

    def __bool__(self):
        return bool(self.typed)

    @property
    def hidden_names(self) -> list[str]:
        """The arguments it asks for whose values this console hides, so that nothing is found by them."""
        paths = [getattr(term, "path", ()) for term in self.query.terms] if self.query else []
        mask = reading.masks()
        return [f"args.{'.'.join(path)}" for path in paths if any(map(mask.hides, path))]

    def with_term(self, name: str, value: str) -> str:
        """The text of this query with another value for one of its terms, or with one more term.

        Raises InvalidRequest where that would be more than a query may hold."""
        search = engine().search
        text = self.query.without(name).also(search.query(f"{name}:{search.quoted(value)}")).text
        return search.query(text).text

    def asks(self, name: str, value: str) -> bool:
        """Whether it asks for that already."""
        return self.with_term(name, value) == self.query.text


def from_old_address() -> str | None:
    """The query that an address with the parameters of before asks; None when it has none of them."""
    if not any(request.args.get(name, "").strip() for name in OLD_NAMES):
        return None
    holding = engine().search.holding
    terms = [
        f"{term}:{holding(value)}" for name, term in OLD_NAMES.items() if (value := request.args.get(name, "").strip())
    ]
    return " ".join([*terms, request.args.get("q", "").strip()]).strip()


@dataclass(frozen=True)
class Facet:
    """Something to narrow the list by.  query: the one with it; count: of which tasks, the title says.

    here: whether the list is narrowed by it already."""

    name: str
    count: int | None
    query: str
    here: bool = False


def facets(chosen: Filter, name: str, counted) -> list[Facet]:
    """What to narrow a query by.  counted: (value, how many), …; a facet that none can ask for has an empty query."""
    return [_facet(chosen, name, value, count) for value, count in counted]


def _facet(chosen, name, value, count):
    try:
        return Facet(value, count, chosen.with_term(name, value) if value else "", chosen.asks(name, value))
    except (InvalidRequest, AttributeError):
        return Facet(value, count, "")  # with a name as long as a whole query may be, there is none to ask for it


@dataclass(frozen=True)
class Listing:
    """A page of what a query found.  found: as `search.scan` gives it, None when the query has a fault.

    one_state: the state all rows are in, where the query says so; else None.  asked: the text of the whole query, that
    of the list itself included."""

    filter: Filter
    found: object = None
    rows: list = field(default_factory=list)
    facts: list = field(default_factory=list)
    one_state: str | None = None
    asked: str = ""

    @cached_property
    def exceptions(self) -> list[Facet]:
        return self._of_rows("exc", [presenters.exception_of(row) for row in self.facts])

    @cached_property
    def functions(self) -> list[Facet]:
        return self._of_rows("func", [presenters.function_of(row) for row in self.facts])

    def _of_rows(self, name, values):
        return self._facets(name, Counter(filter(None, values)).most_common(MAX_FACETS))

    def _facets(self, name, counted):
        return [facet for facet in facets(self.filter, name, counted) if facet.query]

    def states_of(self, counts) -> list[Facet]:
        """All tasks by state, whatever the filter."""
        found = counts.once(totals)
        return self._facets("state", [(state, found[state]) for state in presenters.STATE_WORDS])

    def queues_of(self, counts, state: str | None) -> list[Facet]:
        """The queues with most tasks in that state, or in all."""
        return self._facets("queue", counts.once(LARGEST[state]))

    @property
    def next_url(self) -> str | None:
        return paging.here(cursor=self.found.cursor) if self.found and self.found.cursor else None

    @property
    def first_url(self) -> str | None:
        return paging.here(cursor=None) if paging.cursor() else None


def listing(chosen: Filter, state: str | None = None) -> Listing:
    """What the filter finds; only in `state` when one is given.  Raises InvalidRequest for a cursor that is none."""
    if chosen.query is None:
        return Listing(chosen, one_state=state)
    query = chosen.query.also(engine().search.query(f"state:{state}")) if state else chosen.query
    size = min(settings().page_size, MOST_ROWS)
    found, facts = reading.searched(query, snapshot(), cursor=paging.cursor(), limit=size)
    possible = [each for each in states.ALL if query.may_hold(None, each)]
    return Listing(
        chosen,
        found,
        [presenters.task_row(row) for row in facts],
        facts,
        possible[0] if len(possible) == 1 else None,
        query.text,
    )


def drawn(chosen: Filter, counts, state: str | None = None) -> dict:
    """What the page of such a list shows: the list itself, what its field offers, and the saved views."""
    return {
        "list": listing(chosen, state),
        "counts": counts,
        "offered": offered(counts),
        "saved_views": saved_views,
        "may_share": may_share(),
        "now": now(),
    }


def saved_views() -> list:
    """What the user at hand has saved, and what is shared."""
    return engine().saved_views.of(current_user().name)


def may_share() -> bool:
    return user_may("operate")


def offered(counts) -> list[str]:
    """What can be typed, for the field to offer: terms, and names that are known without looking for them."""
    search, summary = engine().search, reading.error_summary()
    names = [f"{name}:" if not name.endswith(".") else name for name in search.fields]
    named_states = [f"state:{state}" for state in states.ALL]
    # of thousands of names few are offered, and no more are written out
    queues = islice(counts.queues, MOST_OFFERED) if counts else ()
    groups = summary.groups if summary else ()
    exceptions = dict.fromkeys(group.exception for group in groups)
    functions = dict.fromkeys(name for group in groups for name, _ in group.functions)
    causes = [*(("exc", name) for name in exceptions), *(("func", name) for name in functions)][:MOST_OFFERED]
    values = [*causes, *(("queue", presenters.visible(queue)) for queue in queues)]
    return [*names, *named_states, *(f"{name}:{search.quoted(value)}" for name, value in values)]


def _largest(state):
    """A function of the queues of a snapshot: those with most tasks in that state, or in all, and how many."""

    def largest(queues):
        sizes = ((queue, _size(one, state)) for queue, one in queues.items())
        return nlargest(MAX_FACETS, (each for each in sizes if each[1]), key=itemgetter(1))

    return largest


def _size(one, state):
    if state:
        return getattr(one, state)
    return sum(getattr(one, each) or 0 for each in states.ALL)


LARGEST = {state: _largest(state) for state in (None, *states.ALL)}
