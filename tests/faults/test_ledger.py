"""The checker must be able to find what it is there to find."""

import itertools
import os

import pytest

from tests.faults.ledger import Ledger, Pen


@pytest.fixture
def read(tmp_path):
    """Call it with lines `what id pid parent_pid at [kind]` for the ledger that they make."""

    def read(*lines):
        (tmp_path / "ledger").write_text("".join(f"{line}\n" for line in lines))
        return Ledger.read(tmp_path / "ledger")

    return read


def test_what_a_pen_has_written_is_read_back(tmp_path):
    pen = Pen(tmp_path / "ledger")
    for what, more in (("begin", ["repeatable"]), ("still", []), ("done", [])):
        pen.note(what, "a", *more)
    (run,) = Ledger.read(tmp_path / "ledger").runs["a"]
    assert (run.pid, run.parent_pid, run.repeatable, run.ended_by) == (os.getpid(), os.getppid(), True, "done")
    assert run.began_at < run.ended_at


def test_a_task_that_never_ended_and_is_in_no_state_is_lost(read):
    ledger = read("begin a 1 0 10 once", "done a 1 0 11", "begin b 1 0 12 once", "raised b 1 0 13")
    assert ledger.lost({"a", "b", "c", "d"}, held={"d"}) == {"b", "c"}


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_two_runs_at_the_same_time_are_found_in_whatever_order_they_were_written(read, order):
    lines = ["begin a 1 0 10 repeatable", "done a 1 0 20", "begin a 2 0 19 repeatable", "done a 2 0 21"]
    ordered = sorted(order, key=lambda place: (place % 2, order.index(place)))
    ((first, second),) = read(*(lines[place] for place in ordered)).overlaps()
    assert (first.pid, second.pid) == (1, 2)


def test_runs_one_after_the_other_do_not_overlap(read):
    assert not read(
        "begin a 1 0 10 repeatable", "raised a 1 0 20", "begin a 2 0 20.1 repeatable", "done a 2 0 21"
    ).overlaps()


def test_a_run_without_an_end_lasts_until_its_worker_was_gone(read):
    lines = ["begin a 1 9 10 repeatable", "still a 1 9 15", "gone - 9 0 15.03", "begin a 2 8 {} repeatable"]
    assert read(*(line.format(15.02) for line in lines), "done a 2 8 21").overlaps()
    after = read(*(line.format(15.04) for line in lines), "done a 2 8 21")
    assert not after.overlaps() and after.count("gone") == 1


def test_a_run_that_says_no_more_has_ended_before_its_worker_was_killed(read):
    lines = ["begin a 1 9 10 repeatable", "still a 1 9 11", "begin a 2 8 15 repeatable", "done a 2 8 16"]
    ledger = read(*lines, "gone - 9 0 20")
    assert not ledger.overlaps() and ledger.count("broken off") == 1


def test_a_sign_of_life_after_the_end_of_its_process_counts_more(read):
    lines = ["begin a 1 9 10 repeatable", "gone - 9 0 15", "begin a 2 8 15.5 repeatable", "still a 1 9 16"]
    assert read(*lines, "done a 2 8 21").overlaps()


def test_a_process_id_that_comes_back_is_another_process(read):
    lines = ["begin a 1 9 10 once", "gone - 1 0 10.1", "begin a 1 9 12 once", "done a 1 9 13"]
    ledger = read(*lines)
    assert [run.ended_by for run in ledger.runs["a"]] == ["gone", "done"] and not ledger.overlaps()


def test_a_run_that_left_no_end_and_whose_process_lives_ended_itself(read):
    (run,) = read("begin a 1 9 10 once", "still a 1 9 10.5").runs["a"]
    assert (run.ended_by, run.ended_at) == ("broken off", 10.55)


def test_a_task_that_must_not_be_repeated_and_was_is_found(read):
    ledger = read(
        "begin a 1 0 10 once", "begin a 2 0 20 once", "begin b 1 0 30 repeatable", "begin b 1 0 40 repeatable"
    )
    assert ledger.started_again(repeatable=False) == ["a"]
    assert ledger.started_again(repeatable=True) == ["b"]
