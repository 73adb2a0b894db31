"""The soak must be able to find what it is there to find."""

from collections import Counter
from types import SimpleNamespace

import pytest

from bench.soaking.load import Accepted
from bench.soaking.memory import Memory, Sample
from bench.soaking.verdict import Verdict
from tests.faults.ledger import Ledger


@pytest.fixture
def judged(tmp_path):
    """Call it with lines `what id pid parent_pid at [kind]`; what is wrong, {name of the count: what}."""

    def judged(*lines, once=None, last=None, printers=None, retried=None, removed=None, in_error=()):
        (tmp_path / "ledger").write_text("".join(f"{line}\n" for line in lines))
        operator = SimpleNamespace(retried=Counter(retried), removed=removed or {})
        accepted = Accepted(once=once or {}, last=last or {}, printers=printers or {})
        in_error = dict.fromkeys(in_error, ("orders", "why"))
        counts = Verdict(Ledger.read(tmp_path / "ledger"), accepted, operator, in_error).counts()
        return {name: found for name, found in counts.items() if found}

    return judged


def test_a_task_that_is_nowhere_is_lost(judged):
    once = dict.fromkeys(("done", "failed", "removed", "nowhere"), "work_again")
    lines = ["begin done 1 0 10 repeatable", "done done 1 0 11"]
    assert judged(*lines, once=once, removed={"removed": 5.0}, in_error=["failed"]) == {"lost": ["nowhere"]}


def test_a_unique_task_has_to_run_after_its_newest_enqueue(judged):
    lines = ["begin u 1 0 10 repeatable", "done u 1 0 11"]
    assert judged(*lines, last={"u": 9.0}) == {}
    assert judged(*lines, last={"u": 10.5}) == {"unique, not run again": ["u"]}
    assert judged(*lines, last={"u@mirror": 10.5}, removed={"u": 10.6}) == {}


def test_a_task_that_must_not_be_repeated_starts_as_often_as_people_wanted(judged):
    lines = ["begin a 1 0 10 once", "raised a 1 0 11", "begin a 1 0 12 once", "raised a 1 0 13"]
    assert judged(*lines, retried={"a": 1}, in_error=["a"]) == {}
    assert judged(*lines, in_error=["a"]) == {"started again, must not be repeated": ["a"]}


def test_two_runs_that_need_one_lock_are_found(judged):
    lines = ["begin a 1 0 10 repeatable", "done a 1 0 12", "begin b 2 0 11 repeatable", "done b 2 0 13"]
    assert judged(*lines, printers={"a": 1, "b": 2}) == {}
    assert list(judged(*lines, printers={"a": 1, "b": 1})) == ["two on one printer"]


def test_a_task_that_takes_down_its_process_for_ever_is_found(judged):
    lines = [f"begin a {pid} 0 {pid}0 repeatable" for pid in range(1, 8)]
    assert judged(*lines[:6], once={"a": "die_again"}, in_error=["a"]) == {}
    assert judged(*lines, once={"a": "die_again"}, in_error=["a"]) == {"died too often": ["a"]}


@pytest.mark.parametrize(("grows_by", "flat"), [(0, True), (100, True), (10_000, False)])
def test_memory_that_grows_with_the_tasks_is_found(grows_by, flat):
    memory = Memory("redis://localhost:1")
    memory.samples = [Sample(n, 100 * n, {"claims": (1, 50_000 + n * grows_by)}) for n in range(100)]
    assert memory.judgement()[0] is flat


def test_marks_that_follow_the_pace_of_the_producers_are_left_out():
    memory = Memory("redis://localhost:1")
    memory.samples = [Sample(n, n, {"remembered": (n, n * 10_000), "claims": (1, 100)}) for n in range(100)]
    assert memory.judgement()[0]
