"""Retry all, purge and clear: preview, confirmation, operation."""

import pytest

from queue_core import Actor
from tests.console import seed

SOMEBODY = Actor("ann", "command line")


def text(answer):
    return answer.get_data(as_text=True)


def hidden(page, name):
    return page.split(f'name="{name}" value="')[1].split('"')[0]


def confirm(operator, address, **form):
    """Opens the preview and sends its form."""
    page = text(operator.get(address))
    not_after = hidden(page, "not_after") if 'name="not_after"' in page else ""
    return operator.post(
        address.partition("?")[0], {"not_after": not_after, "matched": hidden(page, "matched"), **form}
    )


def test_retry_all_shows_the_count_and_runs_a_small_one_at_once(engine, operator, acts):
    seed.failed(engine, "mail", 3)
    assert "<b>3 tasks</b> of 3" in text(operator.get("/queues/mail/all/retry"))
    answer = confirm(operator, "/queues/mail/all/retry", reason="gateway is back")
    (operation,) = engine.operations.newest()
    assert (answer.status_code, answer.location) == (303, f"/operations/{operation.id}")
    assert (operation.status, operation.done, operation.reason) == ("done", 3, "gateway is back")
    assert engine.browse.sizes("mail")["queued"] == 3
    assert acts() == [("retry", "done")]


@pytest.mark.parametrize("typed", ["9" * 400, "-" + "9" * 400, "1e9", ""])
def test_an_age_that_is_none_is_answered_all_the_same(engine, operator, typed):
    seed.failed(engine, "mail")
    assert operator.get(f"/queues/mail/all/purge?older_than={typed}").status_code == 200


def test_what_fails_after_the_preview_is_not_swept_in(engine, operator):
    seed.failed(engine, "mail", 2)
    page = text(operator.get("/queues/mail/all/retry"))
    seed.failed(engine, "mail", 1, args=["later"])
    operator.post("/queues/mail/all/retry", {"not_after": hidden(page, "not_after"), "matched": "2"})
    assert engine.browse.sizes("mail")["error"] == 1


def test_a_purge_takes_only_what_is_older(engine, raw, operator):
    old, new = seed.failed(engine, "mail", 2)
    raw.zadd("t:error:mail", {old: engine.clock.now() - 10 * 86400})
    assert "<b>1 task</b> of 2" in text(operator.get("/queues/mail/all/purge"))
    confirm(operator, "/queues/mail/all/purge?older_than=604800")
    assert [row.id for row in engine.browse.page("mail", "error").rows] == [new]


@pytest.mark.parametrize("state", ["queued", "scheduled"])
def test_clear_empties_a_state_also_of_tasks_in_the_future(engine, operator, state):
    ids = seed.failed(engine, "mail", 2) if state == "scheduled" else seed.queued(engine, "mail", 2)
    for task_id in ids if state == "scheduled" else ():
        engine.control.reschedule("mail", "error", task_id, due_at=4e9, actor=SOMEBODY)
    confirm(operator, f"/queues/mail/all/clear/{state}")
    assert engine.browse.sizes("mail")[state] == 0


def test_above_a_thousand_the_number_has_to_be_typed(engine, raw, operator, acts):
    raw.sadd("t:error", "mail")
    raw.zadd("t:error:mail", {f"task{number}": 1.0 for number in range(1001)})
    assert "Type <b>1001</b> to confirm" in text(operator.get("/queues/mail/all/purge"))
    for typed in ("", "1000", "yes"):
        assert confirm(operator, "/queues/mail/all/purge", typed=typed).status_code == 400
    assert engine.operations.newest() == []
    assert confirm(operator, "/queues/mail/all/purge", typed="1\u202f001").status_code == 303
    (operation,) = engine.operations.newest()
    assert (operation.status, operation.matched) == ("running", 1001)
    assert acts()[0] == ("purge", "done")


def test_a_form_without_its_cut_off_is_refused(operator):
    operator.get("/queues/mail/error")
    for not_after in ("", "nan", "inf", "soon"):
        assert operator.post("/queues/mail/all/retry", {"not_after": not_after}).status_code == 400


def test_nothing_to_do_offers_only_the_way_back(operator):
    page = text(operator.get("/queues/mail/all/purge"))
    assert "Nothing to do: back" in page
    assert "Purge 0 tasks" not in page


def test_a_viewer_may_not_even_prepare_it(viewer):
    assert viewer.get("/queues/mail/all/retry").status_code == 403
    assert viewer.post("/queues/mail/all/purge", {"not_after": "1"}).status_code == 403


def test_danger_stands_apart_from_what_is_safe(engine, operator):
    seed.failed(engine, "mail")
    page = text(operator.get("/queues/mail/error"))
    safe, danger = page.split("Danger…")
    assert "Retry all…" in safe
    assert "Purge older than…" in danger
    assert "Delete selected" in danger


def test_the_preview_tells_what_is_touched_and_escapes_it(engine, operator):
    seed.failed(engine, "mail", 3, args=["<script>"])
    seed.failed(engine, "mail", 1, exception_name="app:<i>Odd</i>")
    page = text(operator.get("/queues/mail/all/retry"))
    assert "By function" in page and "By exception" in page and "By age" in page
    assert "4 samples" in page and "up to 1 h" in page
    assert "<i>Odd" not in page and "<script>&" not in page and '["<script>' not in page


def test_a_retry_of_all_can_be_given_a_rate(engine, operator):
    seed.failed(engine, "mail", 3)
    confirm(operator, "/queues/mail/all/retry", rate="0.5")
    (operation,) = engine.operations.newest()
    assert (operation.rate, operation.status) == (0.5, "running")


def test_a_retry_of_all_can_send_a_canary_ahead(engine, operator):
    seed.failed(engine, "mail", 3)
    assert confirm(operator, "/queues/mail/all/retry", canary="many").status_code == 400
    confirm(operator, "/queues/mail/all/retry", canary="2")
    (operation,) = engine.operations.newest()
    assert engine.operations.step(operation.id).done == 2
    assert "The first 2 tasks went to the head of the queue" in text(operator.get(f"/operations/{operation.id}"))
