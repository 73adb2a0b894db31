"""Which tasks people mean: a query of terms that are put together, and what it says of a task.  Pure.

`query_syntax` reads it from what was typed.
"""

from dataclasses import dataclass
from functools import cached_property

from queue_core.query_terms import Argument, Exactly, Pattern


@dataclass(frozen=True)
class All:
    """Every part holds."""

    parts: tuple

    def holds(self, facts, now):
        unknown = False
        for part in self.parts:
            answer = part.holds(facts, now)
            if answer is False:
                return False
            unknown = unknown or answer is None
        return None if unknown else True

    def __str__(self):
        return " ".join(f"({part})" if isinstance(part, Any) else str(part) for part in self.parts)


@dataclass(frozen=True)
class Any:
    """Some part holds."""

    parts: tuple

    def holds(self, facts, now):
        unknown = False
        for part in self.parts:
            answer = part.holds(facts, now)
            if answer:
                return True
            unknown = unknown or answer is None
        return None if unknown else False

    def __str__(self):
        return " OR ".join(map(str, self.parts))


@dataclass(frozen=True)
class No:
    """The part does not hold."""

    part: object

    def holds(self, facts, now):
        answer = self.part.holds(facts, now)
        return None if answer is None else not answer

    def __str__(self):
        return f"-({self.part})" if isinstance(self.part, (All, Any)) else f"-{self.part}"


@dataclass(frozen=True)
class _Place:
    """What is known of a task before anything of it is read."""

    queue: str | None
    state: str
    id = at = func = args = kwargs = exception_name = message = host = killed = attempts = group = hidden = None


@dataclass(frozen=True)
class Query:
    """What was asked, understood.  Two queries are equal when they ask the same in the same order."""

    root: object = None

    @property
    def is_empty(self) -> bool:
        """Whether it lets every task through."""
        return self.root is None

    @cached_property
    def text(self) -> str:
        """The query as it would be typed, in one form for all ways to type it; `parse` makes the same of it."""
        return "" if self.root is None else str(self.root)

    def __str__(self):
        return self.text

    def also(self, other: "Query") -> "Query":
        """The query that asks for this and for the other one."""
        parts = [query.root for query in (self, other) if query.root is not None]
        return Query(joined(All, parts)) if parts else self

    def without(self, field: str) -> "Query":
        """The query without the terms of that field which have to hold by themselves."""
        parts = self.root.parts if isinstance(self.root, All) else (self.root,)
        kept = [part for part in parts if part is not None and getattr(part, "field", None) != field]
        return Query(joined(All, kept)) if kept else EVERYTHING

    def holds(self, facts, now: float) -> bool | None:
        """Whether it holds for a task.  None where that cannot be told, since something that it asks for is unknown:
        such a task matches neither the query nor its opposite.

        facts: a `task_facts.TaskFacts`.  now: Unix seconds."""
        return True if self.root is None else self.root.holds(facts, now)

    def may_hold(self, queue: str | None, state: str) -> bool:
        """False where no task of that queue (None: of any) in that state can match, whatever else is in it."""
        return self.holds(_Place(queue, state), 0.0) is not False

    def queue_hint(self) -> frozenset[str] | None:
        """The queues in which alone something can match, by their exact names; None when it names none."""
        return self._hint("queue")

    def id_hint(self) -> frozenset[str] | None:
        """The same for ids of tasks."""
        return self._hint("id")

    def group_hint(self) -> frozenset[str] | None:
        """The same for ids of error groups."""
        return self._hint("group")

    def _hint(self, field):
        return None if self.root is None else _hint(self.root, field)

    @cached_property
    def reads(self) -> frozenset[str]:
        """What has to be read of a task to answer it: of `query_terms.PAYLOAD` and `RUN` those that it takes."""
        return frozenset().union(*(term.reads for term in self.terms))

    @property
    def argument_names(self) -> frozenset[str]:
        """The names and positions of arguments, at any depth, that it asks for."""
        return frozenset(name for term in self.terms if isinstance(term, Argument) for name in term.path)

    @cached_property
    def terms(self) -> tuple:
        """All terms, wherever they stand."""
        return () if self.root is None else tuple(_terms(self.root))


def _hint(node, field):
    if isinstance(node, Exactly):
        name = node.pattern.exact if node.field == field else None
        # the replacement character stands for bytes that nobody can type
        return None if name is None or "\ufffd" in name else frozenset({name})
    if isinstance(node, All):
        named = [found for part in node.parts if (found := _hint(part, field)) is not None]
        return frozenset.intersection(*named) if named else None
    if isinstance(node, Any):
        named = [_hint(part, field) for part in node.parts]
        return None if None in named else frozenset().union(*named)
    return None


def _terms(node):
    if isinstance(node, No):
        yield from _terms(node.part)
    elif isinstance(node, (All, Any)):
        for part in node.parts:
            yield from _terms(part)
    else:
        yield node


EVERYTHING = Query()


def joined(kind, parts):
    if len(parts) == 1:
        return parts[0]
    return kind(tuple(each for part in parts for each in (part.parts if isinstance(part, kind) else (part,))))


def quoted(text: str) -> str:
    """`text` as a value of a query that means exactly these characters."""
    return str(Pattern((text,)))


def holding(text: str) -> str:
    """The same as a pattern: whatever holds these characters."""
    return str(Pattern(("", text, "")))
