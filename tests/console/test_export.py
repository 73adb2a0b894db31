"""The audit trail as CSV and as JSON lines."""

import csv
import io
import json

import pytest

from console.export import COLUMNS, csv_lines, json_lines
from queue_core.audit import AuditEntry


def entry(**fields):
    return AuditEntry(**{"id": "5-1", "at": 1.5, "actor": "ann", "door": "web", "verb": "retry"} | fields)


def rows(*entries):
    return list(csv.DictReader(io.StringIO("".join(csv_lines(entries)))))


def test_a_row_has_every_column_with_the_moment_in_utc():
    (row,) = rows(entry(queue="mail", task_id="a", reason='it, "said"', facts={"tasks": ["a"], "matched": 3}))
    assert tuple(row) == COLUMNS
    assert row["at"] == "1970-01-01T00:00:01.500Z"
    assert (row["queue"], row["task_id"], row["operation_id"]) == ("mail", "a", "")
    assert row["reason"] == 'it, "said"'
    assert json.loads(row["facts"]) == {"tasks": ["a"], "matched": 3}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "  =cmd|' /C calc'!A0", "＝1"])  # noqa: RUF001
def test_no_cell_is_a_formula(text):
    (row,) = rows(entry(reason=text, queue=text, actor=text))
    assert [row[name] for name in ("reason", "queue", "actor")] == [f"'{text}"] * 3


def test_line_ends_and_tabs_cannot_begin_a_cell_or_a_row():
    (row,) = rows(entry(reason="\t=1\r\n=2", queue="\n=3", actor="\t-1"))
    assert [row[name][0] for name in ("reason", "queue", "actor")] == ["'", "'", "'"]


def test_a_line_of_json_holds_an_entry_as_it_is():
    (line,) = json_lines([entry(queue="q\udcff", reason="=1", facts={"matched": 3})])
    assert line.endswith("\n") and line.count("\n") == 1
    written = json.loads(line)
    assert tuple(written) == COLUMNS
    assert (written["at"], written["queue"], written["reason"]) == (1.5, "q\ufffd", "=1")
    assert written["facts"] == {"matched": 3}
