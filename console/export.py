"""Entries of the audit trail as lines of a file.  Pure."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from console.presenters import visible
from queue_core import shown

COLUMNS = ("id", "at", "actor", "door", "verb", "outcome", "queue", "task_id", "operation_id", "reason", "facts")

_BLANKS = ("\t", "\r", "\n")
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001


def json_lines(entries: Iterable) -> Iterator[str]:
    """One JSON object a line, with COLUMNS as its names; `at` in Unix seconds."""
    for entry in entries:
        yield json.dumps({name: _plain(getattr(entry, name)) for name in COLUMNS}) + "\n"


def csv_lines(entries: Iterable) -> Iterator[str]:
    """A head and one row for each entry; `at` in UTC, facts as JSON.

    A cell that a spreadsheet would take for a formula begins with an apostrophe."""
    yield _row(COLUMNS)
    for entry in entries:
        yield _row(_cell(name, getattr(entry, name)) for name in COLUMNS)


def _plain(value):
    return shown(value) if isinstance(value, str) else value


def _cell(name, value) -> str:
    if name == "at":
        return datetime.fromtimestamp(value, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    text = json.dumps(value) if name == "facts" else visible(value or "")
    # leading spaces do not keep every spreadsheet from calculating
    return f"'{text}" if text.startswith(_BLANKS) or text.lstrip().startswith(_FORMULA) else text


def _row(cells) -> str:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(cells)
    return line.getvalue()
