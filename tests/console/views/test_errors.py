"""The errors over all queues: groups, and the newest tasks."""

import re

import pytest

from tests.console import seed


@pytest.fixture
def failing(engine):
    ids = {
        "mail": seed.failed(engine, "mail", 2, exception_name="smtplib:SMTPError"),
        "shop.pay": seed.failed(engine, "shop.pay", 1, args=["order", 7]),
    }
    engine.snapshot.take()
    return ids


def text(answer):
    return answer.get_data(as_text=True)


def rows(page):
    return page.count('name="task"')


def test_all_queues_are_in_one_list_with_groups_aside(failing, operator):
    page = text(operator.get("/errors/tasks"))
    assert rows(page) == 3
    assert "All 3 errors." in page
    assert "/errors/tasks?q=exc:smtplib:SMTPError" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("queue:shop.pay", 1),
        ("exc:SMTPError", 2),
        ("func:charge", 3),
        ("refused", 3),
        ("nowhere", 0),
        ("queue:mail exc:gone", 0),
        ("state:queued", 0),
    ],
)
def test_a_query_narrows_the_list_and_says_so(failing, operator, query, found):
    page = text(operator.get("/errors/tasks", query_string={"q": query}))
    assert rows(page) == found
    assert re.search(rf"{found} of \d errors? match(es)?; all were searched", page)


@pytest.mark.parametrize(
    ("kept", "found"),
    [("queue=PAY", 1), ("exc=smtp", 2), ("func=charge", 3), ("queue=mail&q=refused", 2), ("queue=mail&exc=gone", 0)],
)
def test_addresses_kept_from_before_find_what_they_found(failing, operator, kept, found):
    answer = operator.get(f"/errors/tasks?{kept}")
    assert answer.status_code == 302
    assert rows(text(operator.get(answer.location))) == found


def test_without_errors_the_page_is_calm(engine, operator):
    seed.queued(engine, "mail")
    engine.snapshot.take()
    assert "Nothing is in error" in text(operator.get("/errors/tasks"))


def test_without_counts_the_page_does_not_claim_that_all_is_well(operator):
    page = text(operator.get("/errors/tasks"))
    assert "The counts are unknown" in page
    assert "Nothing is in error" not in page


def test_ticked_tasks_of_several_queues_are_retried_at_once(engine, failing, operator):
    operator.get("/errors/tasks?q=refused")
    ticked = [f"{queue}/{task_id}" for queue, ids in failing.items() for task_id in ids]
    answer = operator.post("/errors/selected/retry", {"task": ticked, "back": "/errors/tasks?q=refused"})
    assert answer.location == "/errors/tasks?q=refused"
    assert "3 tasks retried in 2 queues." in text(operator.get("/errors/tasks"))
    assert engine.browse.sizes("mail")["queued"] == 2


def test_ticked_tasks_are_deleted(engine, failing, operator):
    operator.get("/errors/tasks")
    operator.post("/errors/selected/delete", {"task": f"mail/{failing['mail'][0]}"})
    assert engine.browse.sizes("mail")["error"] == 1


def test_more_ticks_than_a_page_holds_are_refused(failing, operator):
    operator.get("/errors/tasks")
    assert operator.post("/errors/selected/retry", {"task": ["mail/x"] * 201}).status_code == 400


def test_a_viewer_may_look_but_not_act(engine, failing, viewer):
    assert rows(text(viewer.get("/errors/tasks"))) == 0
    assert viewer.post("/errors/selected/delete", {"task": f"mail/{failing['mail'][0]}"}).status_code == 403
    assert engine.browse.sizes("mail")["error"] == 2
