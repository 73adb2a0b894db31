"""The chain of the audit file: what it finds, line by line."""

import pytest

from queue_core import audit_chain
from queue_core.audit import AuditEntry
from queue_core.audit_chain import NO_LINE, check, hash_of


def chain(count, first=1, previous=NO_LINE):
    lines = []
    for number in range(first, first + count):
        entry = AuditEntry(f"{number}-0", number / 1000, "ann", "web", "retry", queue="q\udcff\r\n", reason="it")
        lines.append(audit_chain.line(entry, hash_of(lines[-1]) if lines else previous))
    return lines


def checked(lines, **more):
    return check([(f"line {number}", line) for number, line in enumerate(lines, start=1)], **more)


def test_a_whole_chain_has_no_fault():
    lines = chain(5)
    found = checked(lines)
    assert not found.faults
    assert (found.entries, found.end.id, found.begins_after) == (5, "5-0", NO_LINE)
    assert found.end.hash == hash_of(lines[-1])


@pytest.mark.parametrize(
    "tamper",
    [
        lambda lines: [*lines[:1], lines[1].replace(b"ann", b"bob"), *lines[2:]],
        lambda lines: [*lines[:1], *lines[2:]],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: [*lines[:2], lines[1], *lines[2:]],
        lambda lines: [*lines[:2], b"nonsense\n", *lines[2:]],
    ],
    ids=["changed", "taken out", "exchanged", "twice", "put in"],
)
def test_what_was_done_to_a_chain_is_found(tamper):
    assert checked(tamper(chain(4))).faults


def test_a_line_that_was_cut_off_is_told_and_no_fault():
    first, second = chain(2)
    torn = second[:20] + b"\n"
    found = checked([first, torn, *chain(1, first=2, previous=hash_of(torn))])
    assert (found.faults, found.entries, found.cut_off) == ([], 2, 1)


def test_a_chain_whose_last_line_has_no_end_is_not_whole():
    lines = chain(2)
    assert checked([lines[0], lines[1][:-1]]).faults
    assert checked([lines[0], lines[1][:-9]]).faults


def test_a_shortened_chain_is_found_by_the_hash_that_was_noted():
    lines = chain(3)
    noted = checked(lines).end.hash
    assert not checked([*lines, *chain(2, first=4, previous=noted)], wanted=noted).faults
    assert checked(lines[:2], wanted=noted).faults


def test_a_gap_is_counted():
    lines = chain(1)
    lines.append(audit_chain.gap("1-0", hash_of(lines[-1])))
    found = checked([*lines, *chain(1, first=9, previous=hash_of(lines[-1]))])
    assert (found.faults, found.gaps, found.entries) == ([], 1, 2)
