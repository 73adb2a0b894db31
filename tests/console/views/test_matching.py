"""Acts on all failed tasks that a query means."""

import re

import pytest

from tests.console import seed

OTHER = {"exception_name": "shop.errors:Late", "traceback": seed.TRACEBACK.replace("GatewayDown", "Late")}
QUERY = "exc:GatewayDown"


def text(answer):
    return answer.get_data(as_text=True)


@pytest.fixture
def two_queues(engine):
    """Two of three errors of one queue match, and the one of another."""
    seed.failed(engine, "mail", 2)
    seed.failed(engine, "mail", 1, **OTHER)
    seed.failed(engine, "shop.pay", 1)
    seed.failed(engine, "quiet", 1, **OTHER)
    engine.snapshot.take()


def form(page, **more):
    """What the form of the preview sends."""
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text(page))
    names = ("q", "not_after", "matched", "queue")
    found = {name: [value for each, value in hidden if each == name] for name in names}
    return found | more


def test_the_preview_counts_by_queue_and_changes_nothing(two_queues, raw, operator):
    before = raw.keys("t:queued*")
    page = text(operator.get("/matching/retry", query_string={"q": QUERY}))
    assert "<b>3 tasks</b>" in page and "2 queues" in page and "/queues/quiet/" not in page
    assert 'name="canary"' in page and raw.keys("t:queued*") == before


def test_what_matches_is_retried_in_each_queue(two_queues, engine, operator, acts):
    page = operator.get("/matching/retry", query_string={"q": QUERY})
    seed.failed(engine, "mail", 1)
    answer = operator.post("/matching/retry", form(page, reason="the gateway is back"))
    assert answer.status_code == 303
    assert engine.browse.sizes("mail") == {"queued": 2, "active": 0, "scheduled": 0, "error": 2}
    assert engine.browse.sizes("shop.pay")["queued"] == 1 and engine.browse.sizes("quiet")["error"] == 1
    assert "3 tasks retried." in text(operator.get("/operations/"))
    mail = next(one for one in engine.operations.newest() if one.queue == "mail")
    assert (mail.query, mail.done, mail.passed_by, mail.reason) == (QUERY, 2, 1, "the gateway is back")
    page = text(operator.get(f"/operations/{mail.id}"))
    assert "Looked at" in page and "1 passed by" in page and "exc:GatewayDown" in page.replace("<wbr>", "")
    assert acts().count(("retry", "done")) == 2


def test_a_purge_of_what_matches_goes_to_the_trash(two_queues, engine, operator):
    page = operator.get("/matching/purge", query_string={"q": QUERY + " queue:mail"})
    assert operator.post("/matching/purge", form(page)).status_code == 303
    assert engine.browse.sizes("mail")["error"] == 1 and engine.trash.size().tasks == 2


def test_a_canary_and_a_rate_make_it_an_operation_of_the_sweeper(two_queues, engine, operator):
    page = operator.get("/matching/retry", query_string={"q": QUERY})
    answer = operator.post("/matching/retry", form(page, canary="1", rate="3", canary_seconds="9"))
    assert answer.status_code == 303
    started = engine.operations.newest()
    assert sorted(one.canary for one in started) == [0, 1] and {one.canary_seconds for one in started} == {9.0}
    assert sum(one.rate for one in started) == 3.0
    assert engine.operations.together(started[0]).operations
    assert "2 operations are running" in text(operator.get("/errors/"))


def test_what_is_no_query_is_said_and_nothing_typed_is_lost(two_queues, operator):
    answer = operator.get("/matching/retry", query_string={"q": 'exc:"open'})
    assert answer.status_code == 400
    assert "never closed (at character 5)" in text(answer) and "exc:&#34;open" in text(answer)


def test_without_a_query_there_is_only_the_field(two_queues, operator):
    page = text(operator.get("/matching/retry"))
    assert "Failed tasks of all queues that match" in page and "What this touches" not in page


def test_a_query_that_means_nothing_says_so(two_queues, operator):
    assert "No task in error matches" in text(operator.get("/matching/retry?q=exc:Nothing"))


def test_a_hidden_value_is_no_choice(two_queues, engine, operator):
    for query in ("args.password:x*", "-args.user.token:a OR exc:GatewayDown"):
        answer = operator.get("/matching/retry", query_string={"q": query})
        assert answer.status_code == 400 and "is hidden here" in text(answer)
        posted = {"q": query, "not_after": "9e9", "matched": "1", "queue": "mail"}
        assert operator.post("/matching/retry", posted).status_code == 400
    assert engine.operations.newest() == []


@pytest.mark.parametrize("lost", ["q", "not_after", "matched", "queue"])
def test_a_form_that_lost_something_is_refused(two_queues, engine, operator, lost):
    page = operator.get("/matching/retry", query_string={"q": QUERY})
    posted = {name: value for name, value in form(page).items() if name != lost}
    assert operator.post("/matching/retry", posted).status_code == 400
    assert engine.operations.newest() == []


def test_a_large_purge_is_typed(two_queues, engine, operator):
    page = operator.get("/matching/purge", query_string={"q": QUERY})
    posted = form(page, matched="1001")
    assert operator.post("/matching/purge", posted).status_code == 400
    assert operator.post("/matching/purge", posted | {"typed": "1 001"}).status_code == 303


def test_hostile_names_are_drawn_and_acted_on(engine, operator):
    queue = "<b>&'/x"
    seed.failed(engine, queue, 1)
    engine.snapshot.take()
    page = operator.get("/matching/retry", query_string={"q": QUERY})
    assert "<b>&" not in text(page)
    assert operator.post("/matching/retry", form(page)).status_code == 303
    assert engine.browse.sizes(queue)["queued"] == 1


def test_unknown_counts_are_no_zero(engine, operator):
    seed.failed(engine, "mail", 1)
    page = text(operator.get("/matching/retry", query_string={"q": QUERY}))
    assert "counts are unknown" in page
    assert "<b>1 task</b>" in text(operator.get("/matching/retry", query_string={"q": QUERY + " queue:mail"}))


def test_a_viewer_gets_no_further(two_queues, viewer):
    assert viewer.get("/matching/retry").status_code == 403
    assert viewer.post("/matching/retry", {"q": QUERY}).status_code == 403


def test_neither_the_preview_nor_the_operation_tells_what_is_hidden(engine, operator):
    seed.failed(engine, "mail", 1, args=["sk_live_abcdef0123456789"])
    engine.snapshot.take()
    known = operator.get("/matching/retry", query_string={"q": "queue:mail"})
    assert "<b>1 task</b>" in text(known)
    query = "queue:mail args.0:sk_live_a*"
    assert "No task in error matches" in text(operator.get("/matching/retry", query_string={"q": query}))
    operator.post("/matching/retry", form(known, q=[query]))
    operation = engine.operations.newest()[0]
    assert (operation.done, operation.passed_by) == (0, 1)
