"""The audit trail in a file: every entry once, through deaths and rotations."""

import fcntl
import json
import os
import subprocess
import sys

import pytest

from queue_core import Engine, Settings
from queue_core.audit_chain import check
from queue_core.audit_file import AuditFile
from queue_core.errors import InvalidSettings
from queue_core.sweeper import Sweeper
from tests.builders import ANNA, HOSTILE_QUEUE
from tests.waiting import wait_until


def record(engine, *reasons):
    for reason in reasons:
        engine.audit.record("retry", actor=ANNA, queue=HOSTILE_QUEUE, reason=str(reason), outcome="done")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "audit.jsonl"


@pytest.fixture
def copy(engine, path):
    """Copies what is new, as a process does that has just started; gives how many entries."""
    return lambda: sum(AuditFile(engine.audit, path).copy())


def lines_of(*paths):
    return [line for path in paths for line in path.read_bytes().splitlines(keepends=True)]


def reasons(*paths):
    """The reasons in a chain that is whole."""
    lines = lines_of(*paths)
    found = check([(f"line {number}", line) for number, line in enumerate(lines, start=1)])
    assert not found.faults
    said = [json.loads(line) for line in lines if line.rstrip().endswith(b"}")]
    return [one["reason"] for one in said if "reason" in one]


def test_every_entry_is_copied_once_in_order(engine, path, copy):
    record(engine, *range(1203))
    assert copy() == 1203
    assert copy() == 0
    record(engine, "later")
    assert copy() == 1
    assert reasons(path) == [*map(str, range(1203)), "later"]


def test_a_line_cut_off_by_a_death_stays_and_its_entry_is_written_behind_it(engine, path, copy):
    record(engine, 0, 1, 2)
    copy()
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    copy()
    assert path.read_bytes().startswith(whole[:-30] + b"\n")
    assert reasons(path) == ["0", "1", "2"]


def test_a_death_before_the_line_end_does_not_repeat_the_entry(engine, path, copy):
    record(engine, 0, 1)
    copy()
    path.write_bytes(path.read_bytes()[:-1])
    assert copy() == 0
    assert reasons(path) == ["0", "1"]


def test_a_file_that_was_moved_away_is_continued_by_the_next(engine, path, copy):
    record(engine, 0, 1)
    copy()
    moved = path.rename(f"{path}.1")
    assert copy() == 0
    record(engine, 2)
    copy()
    assert reasons(path) == ["2"]
    assert reasons(moved, path) == ["0", "1", "2"]


def test_a_death_right_before_the_rotation_repeats_nothing(engine, path, copy):
    record(engine, 0)
    copy()
    end = path.with_name("audit.jsonl.end")
    noted = end.read_bytes()
    record(engine, 1)
    copy()
    end.write_bytes(noted)  # killed between the line and its note
    moved = path.rename(f"{path}.1")
    record(engine, 2)
    copy()
    assert reasons(moved, path) == ["0", "1", "2"]


def test_a_death_in_the_first_lines_of_a_new_file_right_before_its_rotation_repeats_nothing(engine, path, copy):
    record(engine, 0)
    copy()
    first = path.rename(f"{path}.1")
    copy()
    end = path.with_name("audit.jsonl.end")
    noted = end.read_bytes()
    record(engine, 1)
    copy()
    end.write_bytes(noted)
    second = path.rename(f"{path}.2")
    record(engine, 2)
    copy()
    assert reasons(first, second, path) == ["0", "1", "2"]


def test_entries_that_redis_dropped_meanwhile_leave_a_mark(engine, path, copy, raw):
    record(engine, 0)
    copy()
    record(engine, 1, 2)
    raw.xtrim(engine.store.keys.audit(), maxlen=1, approximate=False)
    copy()
    assert reasons(path) == ["0", "2"]
    assert [json.loads(line).get("gap_after") is not None for line in lines_of(path)] == [False, True, False]


def test_while_another_process_writes_nothing_is_written(engine, path, copy):
    record(engine, 0)
    with open(path, "ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert copy() == 0
    assert copy() == 1


def test_the_file_is_only_added_to_and_not_for_everybody(engine, path, copy):
    record(engine, 0)
    copy()
    before = path.read_bytes()
    record(engine, 1)
    copy()
    assert path.read_bytes().startswith(before)
    assert path.stat().st_mode & 0o007 == 0


COPY_FOR_EVER = """
import sys
from queue_core import Engine
from queue_core.audit_file import AuditFile
engine = Engine(sys.argv[1])
print("ready", flush=True)
while True:
    sum(AuditFile(engine.audit, sys.argv[2]).copy())
"""


def test_every_entry_is_there_once_however_often_the_process_is_killed(engine, redis_url, path, copy):
    number, moved = 0, []
    for round_number in range(5):
        process = subprocess.Popen([sys.executable, "-c", COPY_FOR_EVER, redis_url, path], stdout=subprocess.PIPE)
        process.stdout.readline()
        for _ in range(200):
            record(engine, number)
            number += 1
        wait_until(lambda: path.exists() and path.stat().st_size > 1000, why="something should be copied")
        process.kill()
        process.wait()
        process.stdout.close()
        if round_number % 2:
            moved.append(path.rename(f"{path}.{round_number}"))
    copy()
    assert reasons(*moved, path) == [str(each) for each in range(number)]


def test_sweeper_and_observer_copy_though_another_process_holds_the_lease(redis_url, path):
    engine = Engine(redis_url, Settings(audit_file=str(path)))
    holder, observer = Sweeper(engine), Sweeper(engine, observe=True)
    holder.step()
    record(engine, 0)
    observer.step()
    assert reasons(path) == ["0"]
    engine.close()


def test_a_path_that_depends_on_the_folder_is_refused():
    with pytest.raises(InvalidSettings, match="audit_file"):
        Settings(audit_file="audit.jsonl")


def test_nothing_is_written_without_the_setting(engine, tmp_path):
    record(engine, 0)
    Sweeper(engine).step()
    assert os.listdir(tmp_path) == []
