"""The page of a task and the acts on it."""

import pytest

from console import create_app
from console.settings import ConsoleSettings
from queue_core import Actor
from tests.console import seed
from tests.console.visitor import PASSWORD, Visitor

SOMEBODY = Actor("ann", "command line")


def text(answer):
    return answer.get_data(as_text=True)


@pytest.fixture
def task_id(engine):
    (task_id,) = seed.failed(engine, "mail", args=["to", "ann@example.org"])
    return task_id


@pytest.fixture
def act(operator, task_id):
    """Posts one act on the task, from its page."""

    def post(verb, form=None, **options):
        operator.get("/queues/mail/error")
        return operator.post(f"/queues/mail/tasks/{task_id}/{verb}", form, **options)

    return post


def test_the_page_shows_traceback_arguments_budget_and_buttons(operator, task_id):
    page = text(operator.get(f"/queues/mail/tasks/{task_id}"))
    assert "GatewayDown" in page
    assert "/srv/shop/payments.py" in page
    assert "ann@example.org" in page
    assert "1 of 1 attempt used" in page
    assert "Retry gives one more" in page
    assert "Retry with a fresh budget" in page


def test_a_process_that_died_without_a_traceback_is_told(engine, raw, operator, task_id):
    raw.zadd("t:error:mail", {task_id: engine.clock.now() + 60})
    assert "The process died without leaving a traceback" in text(operator.get(f"/queues/mail/tasks/{task_id}"))


def test_a_vanished_task_has_a_page_that_says_so(engine, operator, task_id):
    engine.control.delete("mail", "error", task_id, actor=SOMEBODY)
    answer = operator.get(f"/queues/mail/tasks/{task_id}")
    assert answer.status_code == 404
    assert "It ran, was moved or was deleted since." in text(answer)
    assert "/audit/?queue=mail" in text(answer)


def test_a_missing_payload_is_told_and_can_be_deleted(engine, raw, operator, act, task_id):
    raw.delete(f"t:task:{task_id}")
    page = text(operator.get(f"/queues/mail/tasks/{task_id}"))
    assert "payload missing" in page and "There is nothing left to run" in page
    assert "/retry" not in page + text(operator.get("/queues/mail/error")).split("<tbody>")[1]
    assert act("delete", {"state": "error"}).status_code == 303
    assert engine.browse.sizes("mail")["error"] == 0


def test_one_click_on_retry_queues_the_task_again(engine, operator, act, acts):
    answer = act("retry", {"back": "/queues/mail/error"})
    assert (answer.status_code, answer.location) == (303, "/queues/mail/error")
    assert engine.browse.sizes("mail") == {"queued": 1, "active": 0, "scheduled": 0, "error": 0}
    assert "is queued again" in text(operator.get("/queues/mail/error"))
    assert acts() == [("retry", "done")]


def test_htmx_gets_the_row_instead_of_a_redirect(act):
    answer = act("retry", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert text(answer).strip().startswith("<tr")
    assert "is queued again" in text(answer)
    assert answer.headers["Vary"].startswith("HX-Request")


def test_a_fresh_budget_forgets_the_attempts(engine, act, task_id):
    act("retry", {"fresh_budget": "yes"})
    assert engine.browse.task("mail", task_id).executions_count == 0


def test_a_second_click_meets_a_moved_task_and_says_so(act, acts):
    act("retry")
    answer = act("retry")
    assert answer.status_code == 409
    assert "Nothing was changed" in text(answer)
    assert "The last act on it: retry by olga, " in text(answer)
    assert acts() == [("retry", "failed"), ("retry", "done")]


def test_a_second_click_by_htmx_is_a_notice(act):
    act("retry")
    answer = act("retry", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (409, "#notices")


def test_deleting_leads_back_to_the_queue(engine, act, acts):
    answer = act("delete", {"state": "error", "reason": "duplicate order"})
    assert (answer.status_code, answer.location) == (303, "/queues/mail")
    assert engine.audit.page(verb="delete").entries[0].reason == "duplicate order"


def test_a_queued_task_is_cancelled(engine, operator):
    (task_id,) = seed.queued(engine, "mail")
    operator.get(f"/queues/mail/tasks/{task_id}")
    assert operator.post(f"/queues/mail/tasks/{task_id}/cancel", {"state": "queued"}).status_code == 303
    assert engine.browse.sizes("mail")["queued"] == 0


def test_a_task_gets_a_new_time_in_utc(engine, act, task_id):
    assert act("reschedule", {"state": "error", "due_at": "2100-01-01T00:00"}).status_code == 303
    assert engine.browse.task("mail", task_id).states == [("scheduled", 4102444800.0)]


def test_a_time_with_a_z_is_the_same_and_the_notice_says_it_in_utc(engine, operator, act, task_id):
    answer = act("reschedule", {"state": "error", "due_at": "2100-01-01T00:00:30Z"})
    assert engine.browse.task("mail", task_id).states == [("scheduled", 4102444830.0)]
    assert "is due at 2100-01-01 00:00:30 UTC" in text(operator.get(answer.location))


def test_a_task_gets_a_new_time_from_now(engine, act, task_id):
    act("reschedule", {"state": "error", "seconds": "900"})
    ((state, due_at),) = engine.browse.task("mail", task_id).states
    assert state == "scheduled"
    assert 890 < due_at - engine.clock.now() <= 900


@pytest.mark.parametrize("form", [{}, {"due_at": "soon"}, {"seconds": "-1"}])
def test_a_time_that_is_none_is_refused_and_runs_nothing(engine, act, task_id, form):
    assert act("reschedule", {"state": "error", **form}).status_code == 400
    assert engine.browse.task("mail", task_id).state == "error"


def test_a_task_moves_to_another_queue_and_the_page_follows(engine, act, task_id):
    answer = act("move", {"state": "error", "to_queue": "mail.slow"})
    assert answer.location == f"/queues/mail.slow/tasks/{task_id}"
    assert engine.browse.sizes("mail.slow")["error"] == 1


def test_a_move_to_no_queue_is_refused(engine, act):
    assert act("move", {"state": "error", "to_queue": ""}).status_code == 400
    assert engine.browse.sizes("mail")["error"] == 1


def test_a_state_that_the_verb_does_not_take_from_is_refused(act):
    assert act("delete", {"state": "active"}).status_code == 400


@pytest.mark.parametrize("verb", ["retry", "delete", "cancel", "reschedule", "move"])
def test_looking_never_acts(operator, task_id, verb):
    assert operator.get(f"/queues/mail/tasks/{task_id}/{verb}").status_code == 405


@pytest.mark.parametrize("verb", ["retry", "delete", "cancel", "reschedule", "move", "edit"])
def test_a_viewer_is_refused_in_the_handler_and_it_is_recorded(engine, viewer, task_id, verb, acts):
    assert "Danger" not in text(viewer.get(f"/queues/mail/tasks/{task_id}"))
    assert viewer.post(f"/queues/mail/tasks/{task_id}/{verb}", {"state": "error"}).status_code == 403
    assert engine.browse.task("mail", task_id).state == "error"
    assert acts() == [(verb, "refused")]


def test_a_read_only_console_refuses_everybody_and_records_it(engine, task_id, acts):
    engine.people.add("ann", PASSWORD, "admin")
    visitor = Visitor(create_app(engine, ConsoleSettings(read_only=True)))
    visitor.log_in("ann")
    assert "Retry" not in text(visitor.get(f"/queues/mail/tasks/{task_id}"))
    answer = visitor.post(f"/queues/mail/tasks/{task_id}/retry")
    assert answer.status_code == 403
    assert "read-only" in text(answer)
    assert acts() == [("retry", "refused")]


def test_the_page_shows_what_people_did_with_the_task(engine, operator, task_id):
    engine.control.retry("mail", task_id, actor=SOMEBODY, reason="gateway is back")
    page = text(operator.get(f"/queues/mail/tasks/{task_id}"))
    assert "<b>retry</b> by ann" in page
    assert "gateway is back" in page


def test_an_active_task_offers_no_acts(engine, operator):
    session, task_id = seed.active(engine, "mail.active")
    page = text(operator.get(f"/queues/mail.active/tasks/{task_id}")).partition("<main")[2].partition("</main>")[0]
    session.close()
    assert "Last sign of life" in page
    assert "Delete" not in page
    assert "Retry" not in page


def test_the_page_tells_what_people_did_with_this_task_and_no_other(engine, operator, task_id):
    (other,) = seed.failed(engine, "mail", args=["other"])
    engine.audit.record("retry", actor=SOMEBODY, queue="mail", task_id=task_id, reason="this one", outcome="refused")
    engine.audit.record("retry", actor=SOMEBODY, queue="mail", task_id=other, reason="another one", outcome="done")
    acts = text(operator.get(f"/queues/mail/tasks/{task_id}")).split('id="audit-title"')[1]
    assert "this one" in acts and "another one" not in acts
    (untouched,) = seed.failed(engine, "mail", args=["third"])
    assert "Nothing yet." in text(operator.get(f"/queues/mail/tasks/{untouched}"))


def test_edited_arguments_become_a_new_task_that_names_its_original(engine, operator, task_id, acts):
    form = text(operator.get(f"/queues/mail/tasks/{task_id}/edit"))
    assert "ann@example.org" in form
    answer = operator.post(
        f"/queues/mail/tasks/{task_id}/edit", {"args": '["to", "bo@example.org"]', "kwargs": "{}", "reason": "typo"}
    )
    assert answer.status_code == 303
    new_id = answer.location.rpartition("/")[2]
    new = engine.browse.task("mail", new_id)
    assert (new.state, new.args, new.func) == ("queued", ["to", "bo@example.org"], "tests.console.seed:charge")
    assert engine.browse.task("mail", task_id).state == "error"
    page = text(operator.get(answer.location))
    assert "This is the new task" in page
    assert "Made from" in page and f"/queues/mail/tasks/{task_id}" in page
    assert new_id in text(operator.get(f"/queues/mail/tasks/{task_id}"))
    assert acts() == [("edit", "done")]


def test_a_form_that_cannot_be_read_comes_back_with_what_was_typed(engine, operator, task_id, acts):
    operator.get(f"/queues/mail/tasks/{task_id}/edit")
    answer = operator.post(
        f"/queues/mail/tasks/{task_id}/edit", {"args": '["<b>typed"', "kwargs": "{}", "reason": "a <typo>"}
    )
    assert answer.status_code == 400
    assert "args is not JSON" in text(answer)
    assert "&lt;b&gt;typed" in text(answer)
    assert 'value="a &lt;typo&gt;"' in text(answer)
    assert engine.browse.sizes("mail")["queued"] == 0
    assert acts() == [("edit", "failed")]


def test_a_task_that_has_gone_is_not_edited(engine, operator, task_id):
    operator.get(f"/queues/mail/tasks/{task_id}/edit")
    engine.control.delete("mail", "error", task_id, actor=SOMEBODY)
    assert operator.post(f"/queues/mail/tasks/{task_id}/edit", {"args": "[]", "kwargs": "{}"}).status_code == 409
    assert operator.get(f"/queues/mail/tasks/{task_id}/edit").status_code == 404


def test_a_task_that_cannot_be_read_offers_no_edit(engine, raw, operator, task_id):
    raw.set(f"t:task:{task_id}", b"{")
    assert "/edit" not in text(operator.get(f"/queues/mail/tasks/{task_id}"))
    assert "cannot be edited here" in text(operator.get(f"/queues/mail/tasks/{task_id}/edit"))


def test_an_attempt_is_compared_with_the_one_before(engine, raw, operator, task_id):
    page = text(operator.get(f"/queues/mail/tasks/{task_id}?compare=1"))
    assert "Compare attempt" not in page and 'id="compared"' not in page
    raw.rpush(f"t:task:{task_id}:executions", seed.execution(engine, "app:Other", "password='hunter2'\n<b>other"))
    raw.set(f"t:task:{task_id}:executions_count", 2)
    page = text(operator.get(f"/queues/mail/tasks/{task_id}"))
    assert f"/queues/mail/tasks/{task_id}?compare=2#compared" in page
    page = text(operator.get(f"/queues/mail/tasks/{task_id}?compare=2"))
    assert "Attempt 2 compared with attempt 1" in page
    assert '<span class="line-new">+ &lt;b&gt;other</span>' in page
    assert '<span class="line-gone">- shop.errors.GatewayDown: gateway refused</span>' in page
    assert "hunter2" not in page
    assert operator.get(f"/queues/mail/tasks/{task_id}?compare=x").status_code == 200


def test_a_task_links_to_its_logs_its_runbook_and_its_owner(engine, task_id):
    settings = ConsoleSettings(
        integration_links='[["Wiki", "https://wiki/?q={{ queue }}"]]',
        execution_integration_links='[["Logs of the run", "https://logs/?from={{ execution_start }}"]]',
        duties='[{"match": "mail", "owner": "<b>post", "runbook": "https://wiki/runbook"}]',
    )
    engine.people.add("ann", PASSWORD, "viewer")
    visitor = Visitor(create_app(engine, settings))
    visitor.log_in("ann")
    page = text(visitor.get(f"/queues/mail/tasks/{task_id}"))
    assert 'href="https://wiki/?q=mail"' in page
    assert 'href="https://logs/?from=20' in page
    assert 'href="https://wiki/runbook"' in page
    assert "Owner: <b>&lt;b&gt;post</b>" in page
