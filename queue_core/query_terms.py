"""What one term of a query asks of a task.  Pure.

Every answer is True, False, or None where it cannot be told: an argument that nobody has read is neither equal to
something nor different from it.
"""

import functools
import json
from dataclasses import dataclass

from queue_core.text import shown

PLAIN = frozenset("_./@+")
"""Signs that stand in a value without quotes, besides letters and digits."""
SIGNS = (">=", "<=", ">", "<", "")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_CLOCKS_DIFFER_SECONDS = 60
PAYLOAD, RUN = "payload", "run"
"""What has to be read of a task, beside its place, to answer a term: its payload, its newest failed run."""


@dataclass(frozen=True)
class Pattern:
    """A text with `*` for anything.  pieces: what stands between the stars; one piece is an exact text."""

    pieces: tuple[str, ...]

    @property
    def exact(self) -> str | None:
        return self.pieces[0] if len(self.pieces) == 1 else None

    def is_all_of(self, text: str, *, any_case: bool = False) -> bool:
        """Whether it matches the whole of `text`; patterns with stars never mind upper and lower case."""
        if self.exact is not None and not any_case:
            return self.exact == text
        pieces, text = self._lowered, text.lower()
        if len(pieces) == 1:
            return pieces[0] == text
        first, *between, last = pieces
        if len(first) + len(last) > len(text) or not text.startswith(first) or not text.endswith(last):
            return False
        return _in_order(between, text[len(first) : len(text) - len(last)])

    def is_in(self, text: str) -> bool:
        """Whether it matches some part of `text`, in upper or lower case."""
        return _in_order(self._lowered, text.lower())

    @functools.cached_property
    def _lowered(self):
        return tuple(piece.lower() for piece in self.pieces)

    def __str__(self):
        """As it is written in a query: in quotes where it has to be."""
        written = "*".join(map(_escaped, self.pieces))
        bare = all(sign.isalnum() or sign in PLAIN or sign in "*-:" for sign in written)
        return written if bare and written else f'"{written}"'


def _in_order(pieces, text) -> bool:
    at = 0
    for piece in pieces:
        at = text.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return True


def _escaped(piece):
    return "".join(f"\\{sign}" if sign in '\\"*' else sign for sign in piece)


@dataclass(frozen=True)
class Exactly:
    """`queue:`, `id:`, `state:`, `group:`: the whole name, upper and lower case told apart."""

    field: str
    pattern: Pattern
    reads = frozenset()

    def holds(self, facts, now):
        value = getattr(facts, self.field)
        if value is None:
            return None
        # names that are no text can only be asked for as they are shown
        return self.pattern.is_all_of(value) or (not value.isprintable() and self.pattern.is_all_of(shown(value)))

    def __str__(self):
        return f"{self.field}:{self.pattern}"


@dataclass(frozen=True)
class OfGroup(Exactly):
    """`group:`: the id of an error group, which is told from the newest failed run."""

    reads = frozenset({RUN})


@dataclass(frozen=True)
class OnHost:
    """`host:`: where the newest failed run was."""

    pattern: Pattern
    reads = frozenset({RUN})

    def holds(self, facts, now):
        return None if facts.host is None else self.pattern.is_all_of(facts.host, any_case=True)

    def __str__(self):
        return f"host:{self.pattern}"


@dataclass(frozen=True)
class Named:
    """`func:` and `exc:`: a dotted name, all of it or as many of its last parts as the pattern has."""

    field: str
    pattern: Pattern

    @property
    def reads(self):
        return frozenset({PAYLOAD if self.field == "func" else RUN})

    def holds(self, facts, now):
        name = facts.func if self.field == "func" else facts.exception_name
        if name is None:
            return None
        name = name.replace(":", ".")
        wanted = Pattern(tuple(piece.replace(":", ".") for piece in self.pattern.pieces))
        dots = sum(piece.count(".") for piece in wanted.pieces)
        last_parts = ".".join(name.rsplit(".", dots + 1)[-dots - 1 :])
        return wanted.is_all_of(name, any_case=True) or wanted.is_all_of(last_parts, any_case=True)

    def __str__(self):
        return f"{self.field}:{self.pattern}"


@dataclass(frozen=True)
class Message:
    """`msg:`: some part of the message of the newest failed run."""

    pattern: Pattern
    reads = frozenset({RUN})

    def holds(self, facts, now):
        return None if facts.message is None else self.pattern.is_in(facts.message)

    def __str__(self):
        return f"msg:{self.pattern}"


@dataclass(frozen=True)
class Text:
    """Words without a field: some part of the id, the function, the exception or its message."""

    pattern: Pattern
    reads = frozenset({PAYLOAD, RUN})

    def holds(self, facts, now):
        texts = (facts.id, facts.func, facts.exception_name, facts.message)
        if any(text is not None and self.pattern.is_in(text) for text in texts):
            return True
        return None if None in texts else False

    def __str__(self):
        written = str(self.pattern)
        bare = written[0] not in '-"' and ":" not in written and written not in ("AND", "OR", "NOT")
        return written if bare or written[0] == '"' else f'"{written}"'


@dataclass(frozen=True)
class Argument:
    """`args.name:`, `args.0:`, `args.order.id:`: one argument, or what lies in it; of a list any one member."""

    path: tuple[str, ...]
    pattern: Pattern
    reads = frozenset({PAYLOAD})

    def holds(self, facts, now):
        if facts.args is None or facts.kwargs is None:
            return None
        first, *rest = self.path
        by_position = [facts.args[int(first)]] if _is_position(first, facts.args) else []
        by_name = [facts.kwargs[first]] if first in facts.kwargs else []
        answers = [self._is(_within(value, rest, facts.hidden), facts.hidden) for value in by_position + by_name]
        return True if True in answers else None if None in answers else False

    def _is(self, value, hidden):
        if value is _NOTHING:
            return False
        if value == hidden and hidden is not None:
            return None
        if isinstance(value, (list, dict)):
            members = value if isinstance(value, list) else ()
            return self.pattern.pieces == ("", "") or any(
                self.pattern.is_all_of(_written(each))
                for each in members
                if each != hidden and not isinstance(each, (list, dict))
            )
        return self.pattern.is_all_of(_written(value))

    def __str__(self):
        return f"args.{'.'.join(self.path)}:{self.pattern}"


_NOTHING = object()


def _is_position(step, values) -> bool:
    return step.isascii() and step.isdigit() and len(step) < 6 and int(step) < len(values)


def _within(value, path, hidden):
    for step in path:
        if value == hidden and hidden is not None:
            return hidden
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and _is_position(step, value):
            value = value[int(step)]
        else:
            return _NOTHING
    return value


def _written(value) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@dataclass(frozen=True)
class Compared:
    """`age:>2d`, `attempts:>=3`.  sign: one of SIGNS, '' means just so many; amount as it was typed."""

    field: str
    sign: str
    amount: str
    unit: str = ""

    @property
    def reads(self):
        return frozenset({RUN}) if self.field == "attempts" else frozenset()

    def holds(self, facts, now):
        value = facts.attempts if self.field == "attempts" else facts.at
        if value is None:
            return None
        if self.field == "age":
            if value > now + _CLOCKS_DIFFER_SECONDS:
                return False  # still to come
            value = max(0.0, now - value)
        bound = float(self.amount) * UNITS.get(self.unit, 1)
        return {
            ">": value > bound,
            "<": value < bound,
            ">=": value >= bound,
            "<=": value <= bound,
            "": value == bound,
        }[self.sign]

    def __str__(self):
        return f"{self.field}:{self.sign}{self.amount}{self.unit}"


@dataclass(frozen=True)
class Killed:
    """`killed:yes`: the newest failure took the process along, so that nothing could be recorded from inside."""

    wanted: bool
    reads = frozenset({RUN})

    def holds(self, facts, now):
        return None if facts.killed is None else facts.killed == self.wanted

    def __str__(self):
        return f"killed:{'yes' if self.wanted else 'no'}"
