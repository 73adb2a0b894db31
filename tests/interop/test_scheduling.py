"""Tasks that are due later: promoted by the other side, and given another time by it."""

import datetime
import json

import pytest

from queue_core import Actor
from tests.interop import application, errands
from tests.waiting import wait_until

ANNA = Actor("anna", "web")
AN_HOUR = datetime.timedelta(hours=1)
ODD = [[], {"x": []}, 2**60 + 1]
"""What TaskTiger's rescheduling does not leave as it is."""


@pytest.mark.usefixtures("semaphores_may_stay")
def test_they_promote_what_we_have_scheduled_and_we_run_it(tiger, engine, raw, work, notes):
    engine.delay(errands.note, args=[str(notes)], queue="orders", when=datetime.timedelta(seconds=0.3))
    # their worker promotes, and may run nothing there
    engine.control.pause("orders", actor=ANNA, reason="a fix ships")
    with tiger.worker(max_workers_per_queue=1):
        wait_until(lambda: engine.browse.sizes("orders")["queued"], 60)
    engine.control.resume("orders", actor=ANNA)
    work()
    assert notes.words == ["ran"] and not raw.keys("t:task:*")


def test_we_promote_what_they_have_scheduled_and_they_run_it(tiger, engine, raw, our_worker, notes):
    tiger.delay(errands.note, notes, queue="orders", when_seconds=1)
    with our_worker("-q", "pictures"):
        wait_until(lambda: engine.browse.sizes("orders")["queued"], 60)
    with tiger.command("-q", "orders"):
        wait_until(lambda: "ran" in notes.words and not raw.keys("t:task:*"), 60)


def test_they_give_a_task_of_ours_another_time_and_it_runs_whatever_became_of_its_arguments(
    tiger, engine, raw, our_worker, notes
):
    task = engine.delay(errands.note_size, args=[str(notes), ODD], queue="orders", when=AN_HOUR)
    tiger.act("reschedule", queue="orders", task_id=task.id, seconds=0)
    assert json.loads(raw.get(f"t:task:{task.id}"))["args"][1] != ODD
    with our_worker():
        wait_until(lambda: notes.words == ["3"] and not raw.keys("t:task:*"), 60)


@pytest.mark.parametrize("options", [{"unique": True}, {"unique_key": ["path"]}, {"lock_key": ["path"]}])
def test_we_understand_every_field_of_a_task_that_they_have_given_another_time(
    tiger, engine, raw, our_worker, notes, options
):
    more = {"retry_method": application.soon_twice, "retry_on": [ValueError], "max_stored_executions": 5} | options
    task = engine.delay(errands.fail_and_note, kwargs={"path": str(notes)}, queue="orders", when=AN_HOUR, **more)
    tiger.act("reschedule", queue="orders", task_id=task.id, seconds=0)
    # the method's arguments were an empty list
    assert json.loads(raw.get(f"t:task:{task.id}"))["retry_method"] == ["tests.interop.application:soon_twice", {}]
    with our_worker("-m", application.__name__):
        wait_until(lambda: engine.browse.sizes("orders")["error"], 60)
    assert notes.words == ["ran"] * 3 and engine.browse.task("orders", task.id).problem is None


def test_we_give_a_task_of_theirs_another_time_and_its_arguments_stay_as_they_are(tiger, engine, raw, notes):
    task_id = tiger.delay(errands.note_size, notes, ODD, queue="orders", when_seconds=3600)
    before = json.loads(raw.get(f"t:task:{task_id}"))
    due_at = engine.clock.now() + 0.3
    engine.control.reschedule("orders", "scheduled", task_id, due_at=due_at, actor=ANNA)
    assert json.loads(raw.get(f"t:task:{task_id}")) == before | {"scheduled_at": due_at}
    with tiger.worker():
        wait_until(lambda: notes.words == ["3"] and not raw.keys("t:task:*"), 60)


def test_each_side_cancels_what_the_other_has_scheduled(tiger, engine, raw, notes):
    ours = engine.delay(errands.note, args=[str(notes)], queue="orders", when=AN_HOUR).id
    theirs = tiger.delay(errands.note, notes, queue="orders", when_seconds=3600)
    tiger.act("cancel", queue="orders", task_id=ours)
    engine.control.cancel("orders", "scheduled", theirs, actor=ANNA)
    assert not raw.keys("t:task:*") and not raw.keys("t:scheduled*")
