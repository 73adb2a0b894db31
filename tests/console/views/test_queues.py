"""The page of a queue, acts on ticked tasks, and pauses."""

import pytest

from console import create_app
from console.settings import ConsoleSettings
from queue_core import Actor
from tests.console import seed
from tests.console.visitor import PASSWORD, Visitor


def text(answer):
    return answer.get_data(as_text=True)


def test_a_queue_opens_at_its_first_state_that_holds_tasks(engine, operator):
    seed.queued(engine, "mail")
    assert operator.get("/queues/mail").location == "/queues/mail/queued"
    seed.failed(engine, "pay")
    assert operator.get("/queues/pay").location == "/queues/pay/error"
    assert operator.get("/queues/nothing").location == "/queues/nothing/error"


def test_the_error_list_shows_failure_arguments_and_attempts(engine, operator):
    seed.failed(engine, "mail", args=["hello world"])
    page = text(operator.get("/queues/mail/error"))
    assert "GatewayDown" in page
    assert "gateway refused" in page
    assert "hello world" in page


@pytest.mark.parametrize("state", ["error", "queued", "scheduled", "active"])
def test_an_empty_state_explains_what_would_be_here(operator, state):
    assert f"No task is in {state} here" in text(operator.get(f"/queues/mail/{state}"))


def test_a_state_that_does_not_exist_is_not_found(operator):
    assert operator.get("/queues/mail/finished").status_code == 404


def test_pages_follow_each_other_by_cursor(engine, operator):
    app = create_app(engine, ConsoleSettings(page_size=2))
    engine.people.add("ann", PASSWORD, "viewer")
    visitor = Visitor(app)
    visitor.log_in("ann")
    seed.queued(engine, "mail", 5)
    first = text(visitor.get("/queues/mail/queued"))
    assert "1\u20132 of 5" in first
    following = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = text(visitor.get(following))
    assert "3\u20134 of 5" in second
    assert 'rel="prev"' in second


def test_a_broken_cursor_is_a_clear_refusal(operator):
    answer = operator.get("/queues/mail/queued?cursor=nonsense")
    assert answer.status_code == 400
    assert "begin at the first page" in text(answer)


def test_ticked_tasks_are_retried_and_the_notice_counts_them(engine, operator, acts):
    ids = seed.failed(engine, "mail", 3)
    operator.get("/queues/mail/error")
    form = {"task": ids[:2], "back": "/queues/mail/error?cursor="}
    answer = operator.post("/queues/mail/error/selected/retry", form)
    assert (answer.status_code, answer.location) == (303, "/queues/mail/error?cursor=")
    assert "2 tasks retried." in text(operator.get("/queues/mail/error"))
    assert engine.browse.sizes("mail") == {"queued": 2, "active": 0, "scheduled": 0, "error": 1}
    assert acts() == [("retry", "done")]


def test_ticked_tasks_that_left_meanwhile_are_told_as_skipped(engine, operator):
    ids = seed.failed(engine, "mail", 2)
    operator.get("/queues/mail/error")
    engine.control.delete("mail", "error", ids[0], actor=Actor("ann", "command line"))
    operator.post("/queues/mail/error/selected/delete", {"task": ids})
    assert "1 task deleted; 1 skipped: moved or gone meanwhile." in text(operator.get("/queues/mail/error"))


def test_an_id_that_is_no_text_can_be_ticked(engine, raw, operator):
    raw.sadd("t:error", "mail")
    raw.zadd("t:error:mail", {b"\xff/<b>": 5.0})
    page = text(operator.get("/queues/mail/error"))
    assert "payload missing" in page
    operator.post("/queues/mail/error/selected/delete", {"task": ["~FF~2F~3Cb~3E"]})
    assert raw.zcard("t:error:mail") == 0


def test_nothing_ticked_changes_nothing_and_says_so(engine, operator, acts):
    seed.failed(engine, "mail")
    operator.get("/queues/mail/error")
    assert operator.post("/queues/mail/error/selected/retry").status_code == 303
    assert "No task is ticked" in text(operator.get("/queues/mail/error"))
    assert acts() == []


def test_a_viewer_sees_no_buttons_and_is_refused(engine, viewer, acts):
    ids = seed.failed(engine, "mail")
    page = text(viewer.get("/queues/mail/error")).partition("<main")[2].partition("</main>")[0]
    assert "Retry selected" not in page
    assert "Pause" not in page
    assert viewer.post("/queues/mail/error/selected/delete", {"task": ids}).status_code == 403
    assert viewer.post("/queues/mail/pause", {"reason": "x"}).status_code == 403
    assert engine.browse.sizes("mail")["error"] == 1
    assert {outcome for _, outcome in acts()} == {"refused"}


def test_a_pause_tells_who_why_and_until_and_can_be_lifted(engine, operator, acts):
    operator.get("/queues/mail/error")
    answer = operator.post("/queues/mail/pause", {"reason": "gateway is down", "seconds": "3600"})
    assert answer.status_code == 303
    (pause,) = engine.control.pauses()
    assert (pause.queue, pause.by, pause.reason) == ("mail", "olga", "gateway is down")
    assert 3500 < pause.until_at - engine.clock.now() <= 3600
    page = text(operator.get("/queues/mail/error"))
    assert "gateway is down" in page
    assert "Resume now" in page
    operator.post("/queues/mail/resume")
    assert engine.control.pauses() == []
    assert acts() == [("resume", "done"), ("pause", "done")]


def test_the_pause_says_whom_it_does_not_stop(operator):
    page = text(operator.get("/queues/mail/error"))
    assert "not its subqueues" in page
    assert "TaskTiger workers without" in page


def test_a_lock_that_an_application_set_is_shown_as_such(engine, raw, operator):
    raw.zadd("t:qslock:mail", {"SYSTEM_LOCK": engine.clock.now() + 100})
    assert "an application (it set the queue lock itself)" in text(operator.get("/queues/mail/error"))


@pytest.mark.parametrize(
    "form", [{"reason": "  "}, {"reason": "x", "seconds": "soon"}, {"reason": "x", "seconds": "0"}]
)
def test_a_pause_without_reason_or_with_a_strange_length_is_refused_and_recorded(engine, operator, acts, form):
    operator.get("/queues/mail/error")
    assert operator.post("/queues/mail/pause", form).status_code == 400
    assert engine.control.pauses() == []
    assert acts() == [("pause", "failed")]


def test_resuming_what_is_not_paused_is_a_conflict(operator):
    operator.get("/queues/mail/error")
    answer = operator.post("/queues/mail/resume")
    assert answer.status_code == 409
    assert "The world moved on" in text(answer)


def test_the_live_part_tells_how_many_errors_came_meanwhile(engine, operator):
    since = engine.clock.now()
    seed.failed(engine, "mail", 2)
    assert "2 newer errors: show" in text(operator.get(f"/queues/mail/error/live?since={since}"))


def test_the_ticked_tasks_can_be_retried_slowly(engine, operator):
    ids = seed.failed(engine, "mail", 3)
    assert 'name="canary"' in operator.get("/queues/mail/error").get_data(as_text=True)
    answer = operator.post("/queues/mail/error/selected/retry", {"task": ids, "canary": "1", "rate": "2"})
    assert answer.status_code == 303
    (operation,) = engine.operations.newest()
    assert (operation.matched, operation.done, operation.canary, operation.rate) == (3, 0, 1, 2.0)
    assert "1 operation is running" in operator.get("/queues/mail/error").get_data(as_text=True)
