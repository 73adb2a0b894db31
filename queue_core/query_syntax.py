"""The language in which people say which tasks they mean: `queue:billing.* exc:KeyError age:<15m`.  Pure.

Terms stand beside each other (all must hold), OR and NOT (or `-`) and parentheses put them together.  Whatever is
typed is read in one pass; no regular expression is made of it.
"""

import re
from dataclasses import dataclass

from queue_core import states
from queue_core.errors import InvalidRequest
from queue_core.query import EVERYTHING, All, Any, No, Query, joined
from queue_core.query_terms import (
    UNITS,
    Argument,
    Compared,
    Exactly,
    Killed,
    Message,
    Named,
    OfGroup,
    OnHost,
    Pattern,
    Text,
)

MOST_CHARACTERS = 2000
MOST_DEPTH = 20
MOST_TERMS = 50
FIELDS = ("queue", "state", "func", "exc", "msg", "args.", "age", "attempts", "killed", "host", "group", "id")
"""The names of the terms, as they are offered; `args.` goes on with the name or the position of an argument."""

_FIELD_LIKE = re.compile(r"[a-z]{2,20}")
_BOUND = re.compile(r"(>=|<=|>|<)?([0-9]{1,9}(?:\.[0-9]{1,3})?)([smhdw])?")
_ENDS_WORD = '"()'
_NEGATED = ("NOT", "-")


def parse(text: str) -> Query:
    """The query that `text` asks.

    Raises InvalidRequest with what is wrong; its attribute `at` is the character, from 0, where it is."""
    if len(text) > MOST_CHARACTERS:
        raise _wrong(f"A query has at most {MOST_CHARACTERS} characters", MOST_CHARACTERS, text)
    tokens = list(_Lexer(text).tokens())
    query = Query(_Parser(tokens, text).whole()) if tokens else EVERYTHING
    if len(query.terms) > MOST_TERMS:
        at = [token.at for token in tokens if token.kind == "term"][MOST_TERMS]
        raise _wrong(f"A query has at most {MOST_TERMS} terms, and this one {len(query.terms)}", at, text)
    if len(query.text) > MOST_CHARACTERS:
        raise _wrong(f"Written out, this query has more than {MOST_CHARACTERS} characters", 0, text)
    return query


def _wrong(what: str, at: int, text: str) -> InvalidRequest:
    place = f"at character {at + 1}" if at < len(text) else "at the end"
    return InvalidRequest(f"{what} ({place}).", at=at)


# -- words --


@dataclass(frozen=True)
class _Token:
    """kind: `(` `)` AND OR NOT - or term.  at: its first character."""

    kind: str
    at: int
    term: object = None


class _Lexer:
    """One pass over the text, from `at` on."""

    def __init__(self, text):
        self.text, self.at = text, 0

    def tokens(self):
        while self._skip_space():
            sign, at = self.text[self.at], self.at
            if sign in "()":
                self.at += 1
                yield _Token(sign, at)
            elif sign == "-":
                self.at += 1
                if not self._peek().strip():
                    raise _wrong("Nothing follows this -; put it into quotes to look for it", at, self.text)
                yield _Token("-", at)
            else:
                yield self._word()

    def _word(self):
        start = self.at
        if self._peek() == '"':
            pattern = self._quoted()
            if not any(pattern.pieces):
                raise _wrong("Nothing stands between these quotes", start, self.text)
            return _Token("term", start, Text(pattern))
        field = self._field()
        if field is not None:
            return _Token("term", start, self._value_of(field, start))
        pattern = self._bare()
        word = self.text[start : self.at]
        if word in ("AND", "OR", "NOT"):
            return _Token(word, start)
        if not any(pattern.pieces):
            raise _wrong("A star alone says nothing", start, self.text)
        return _Token("term", start, Text(pattern))

    def _field(self) -> str | None:
        """The name before a colon, when it is that of a term; what stands there is text otherwise."""
        end = self.at
        while end < len(self.text) and self.text[end] not in ':\\"()' and not self.text[end].isspace():
            end += 1
        name = self.text[self.at : end]
        if self.text[end : end + 1] != ":":
            return None
        if name in FIELDS or name.startswith(("args.", "kwargs.")):
            self.at = end + 1
            return name
        if _FIELD_LIKE.fullmatch(name):
            known = ", ".join(f"{each}:" if each != "args." else "args.NAME:" for each in FIELDS)
            raise _wrong(
                f"There is no {name}: here, but {known}. Put text with a colon into quotes", self.at, self.text
            )
        return None

    def _value_of(self, field, start):
        begin = self.at
        is_quoted = self._peek() == '"'
        pattern = self._quoted() if is_quoted else self._bare()
        if self.at == begin:
            raise _wrong(f"{field}: lacks its value", begin, self.text)
        return _term(field, pattern, start, begin, self.text)

    def _quoted(self) -> Pattern:
        opened = self.at
        self.at += 1
        pattern = self._pattern(lambda sign: sign == '"')
        if self._peek() != '"':
            raise _wrong("These quotes are never closed", opened, self.text)
        self.at += 1
        return pattern

    def _bare(self) -> Pattern:
        return self._pattern(lambda sign: sign in _ENDS_WORD or sign.isspace())

    def _pattern(self, ends) -> Pattern:
        pieces = [[]]
        while self.at < len(self.text) and not ends(sign := self.text[self.at]):
            self.at += 1
            if sign == "*":
                pieces.append([])
            elif sign == "\\" and self.at < len(self.text):
                pieces[-1].append(self.text[self.at])
                self.at += 1
            else:
                pieces[-1].append(sign)
        return Pattern(_without_double_stars(pieces))

    def _skip_space(self) -> bool:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.at < len(self.text)

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]


def _without_double_stars(pieces) -> tuple[str, ...]:
    texts = ["".join(piece) for piece in pieces]
    return tuple(piece for at, piece in enumerate(texts) if piece or at in (0, len(texts) - 1))


def _term(field, pattern, start, begin, text):
    make = _TERMS.get(field)
    return make(field, pattern, begin, text) if make else _argument(field, pattern, start, text)


def _state(field, pattern, begin, text):
    if pattern.exact not in states.ALL:
        raise _wrong(f"A state is one of {', '.join(states.ALL)}", begin, text)
    return Exactly(field, pattern)


def _killed(field, pattern, begin, text):
    if pattern.exact not in ("yes", "no"):
        raise _wrong("killed: is followed by yes or no", begin, text)
    return Killed(pattern.exact == "yes")


def _age(field, pattern, begin, text):
    sign, amount, unit = _bound(pattern)
    if not sign or not unit:
        raise _wrong(f"An age is such as >2d or <15m: > or <, a number, and one of {', '.join(UNITS)}", begin, text)
    return Compared(field, sign, amount, unit)


def _attempts(field, pattern, begin, text):
    sign, amount, unit = _bound(pattern)
    if not amount.isdigit() or unit:
        raise _wrong("Attempts are such as 3, >3 or <=3", begin, text)
    return Compared(field, sign, amount)


def _bound(pattern):
    found = _BOUND.fullmatch(pattern.exact or "")
    return found.groups("") if found else ("", "", "")


def _argument(field, pattern, start, text):
    path = tuple(field.split(".")[1:])
    if not all(path):
        raise _wrong("args. is followed by the name or the position of an argument", start, text)
    return Argument(path, pattern)


_TERMS = {
    "queue": lambda field, pattern, *_: Exactly(field, pattern),
    "id": lambda field, pattern, *_: Exactly(field, pattern),
    "group": lambda field, pattern, *_: OfGroup(field, pattern),
    "func": lambda field, pattern, *_: Named(field, pattern),
    "exc": lambda field, pattern, *_: Named(field, pattern),
    "msg": lambda _, pattern, *__: Message(pattern),
    "host": lambda _, pattern, *__: OnHost(pattern),
    "state": _state,
    "killed": _killed,
    "age": _age,
    "attempts": _attempts,
}
"""What makes the term of a field: called with its name, its pattern, where that begins, and the text."""


# -- sentences --


class _Parser:
    """From tokens to a tree; each method takes the tokens of what it is named after."""

    def __init__(self, tokens, text):
        self.tokens, self.text, self.position = tokens, text, 0

    def whole(self):
        root = self._any(0)
        if (left := self._next()) is not None:
            raise _wrong("This ) closes nothing", left.at, self.text)
        return root

    def _any(self, depth):
        parts = [self._all(depth)]
        while self._is("OR"):
            self.position += 1
            parts.append(self._all(depth))
        return joined(Any, parts)

    def _all(self, depth):
        parts = [self._one(depth)]
        while self._next() is not None and not self._is("OR", ")"):
            self.position += self._is("AND")
            parts.append(self._one(depth))
        return joined(All, parts)

    def _one(self, depth):
        token = self._next()
        if token is None or token.kind in ("AND", "OR", ")"):
            at = len(self.text) if token is None else token.at
            raise _wrong("Something to look for is missing here", at, self.text)
        if depth > MOST_DEPTH:
            raise _wrong(f"This is nested more than {MOST_DEPTH} deep", token.at, self.text)
        self.position += 1
        if token.kind in _NEGATED:
            part = self._one(depth + 1)
            return part.part if isinstance(part, No) else No(part)
        return self._bracketed(token, depth + 1) if token.kind == "(" else token.term

    def _bracketed(self, opened, depth):
        inner = self._any(depth)
        if not self._is(")"):
            raise _wrong("This ( is never closed", opened.at, self.text)
        self.position += 1
        return inner

    def _next(self):
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def _is(self, *kinds) -> bool:
        token = self._next()
        return token is not None and token.kind in kinds
