"""Cron expressions as TaskTiger reads them, put into words that the library for them understands.

Ranges may go round the clock (22-6), shortcuts may be used (@daily), and a day is right when either of its two fields
says so, unless one of them leaves it open; `*/2` does not leave it open.
"""

import re

_SHORTCUTS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_RANGES = ((0, 59, ()), (0, 23, ()), (1, 31, ()), (1, 12, _MONTHS), (0, 6, _DAYS))
_DAY_OF_MONTH, _DAY_OF_WEEK = 2, 4
_RANGE = re.compile(r"([0-9]+|[a-z]{3})-([0-9]+|[a-z]{3})(?:/([0-9]+))?$")
_EVERY = re.compile(r"(\*|[0-9]+)/([0-9]+)$")


def plain(expression: str) -> str:
    """The same schedule without shortcuts, steps and ranges.  What it does not know it leaves as it is."""
    text = _SHORTCUTS.get(expression.strip().lower(), expression)
    fields = text.lower().split()
    if len(fields) != len(_RANGES):
        return text
    written = [_field(field, *known) for field, known in zip(fields, _RANGES, strict=True)]
    for day, other in ((_DAY_OF_MONTH, _DAY_OF_WEEK), (_DAY_OF_WEEK, _DAY_OF_MONTH)):
        # then every day is said of this field, and the steps of the other one decide
        if fields[other].startswith("*") and _names_all(written[day], *_RANGES[day][:2]):
            written[day] = "*"
    return " ".join(written)


def _field(text, first, last, names) -> str:
    return "*" if text == "?" else ",".join(_part(part, first, last, names) for part in text.split(","))


def _part(text, first, last, names) -> str:
    if found := _EVERY.match(text):
        begin = first if found[1] == "*" or (names is _DAYS and found[1] == "7") else int(found[1])
        return _listed(range(begin, last + 1), found[2]) or text
    found = _RANGE.match(text)
    if not found:
        return text
    try:
        begin, end = (_number(word, first, names) for word in (found[1], found[2]))
    except ValueError:
        return text
    if not first <= min(begin, end) <= max(begin, end) <= last + (names is _DAYS):
        return text
    numbers = range(begin, end + 1) if begin <= end else [*range(begin, last + 1), *range(first, end + 1)]
    return _listed(numbers, found[3] or "1") or text


def _number(word, first, names) -> int:
    return names.index(word) + first if word in names else int(word)


def _listed(numbers, step) -> str:
    """Empty for a step of 0, which is the library's to refuse."""
    return ",".join(map(str, numbers[:: int(step)] if int(step) else ()))


def _names_all(field, first, last) -> bool:
    named = {int(part) for part in field.split(",") if part.isdecimal()}
    return {number if number <= last else first for number in named} >= set(range(first, last + 1))
