"""Searches of everything: begun from a list, watched, cancelled, and acted on by those who may."""

from html import unescape

import pytest

from console import create_app
from console.settings import ConsoleSettings
from queue_core import Actor, background
from queue_core.duties import Duties
from tests.console import seed
from tests.console.conftest import logged_in

OLGA = Actor("olga", "web")


@pytest.fixture
def tasks(engine):
    seed.failed(engine, "mail", 3)
    seed.failed(engine, "shop.pay", 1, exception_name="shop.errors:Late")
    seed.queued(engine, "later", 2)
    engine.snapshot.take()


def text(answer):
    return unescape(answer.get_data(as_text=True)).replace("\N{WORD JOINER}", "").replace("<wbr>", "")


def sweep(engine):
    for _ in Duties(engine).search_in_background():
        pass


def begin(visitor, query):
    visitor.get("/searches/")
    answer = visitor.post("/searches/", {"q": query, "reason": "which ones"})
    assert answer.status_code == 303, text(answer)
    return answer.location


def test_a_list_that_has_not_looked_at_everything_offers_it(tasks, engine, operator, viewer, monkeypatch):
    monkeypatch.setattr("queue_core.search.MOST_ROWS", 1)
    page = text(operator.get("/tasks/", query_string={"q": "refused"}))
    assert 'action="/searches/"' in page and 'name="q" value="refused"' in page
    page = text(operator.get("/errors/tasks", query_string={"q": "refused OR func:x"}))
    assert 'name="q" value="(refused OR func:x) state:error"' in page
    assert 'action="/searches/"' not in text(operator.get("/tasks/"))
    assert 'action="/searches/"' not in text(viewer.get("/tasks/", query_string={"q": "refused"}))


def test_it_is_begun_watched_and_told(tasks, engine, operator, acts):
    where = begin(operator, "charge")
    page = text(operator.get(where))
    assert "running" in page and 'hx-get="' + where + '/progress"' in page and "Cancel the search" in page
    assert "Nothing was found so far" in page and ("search", "done") in acts()
    sweep(engine)
    page = text(operator.get(where))
    assert "100 %" in page and "looked at 6 of 6 tasks" in page and where + "/progress" not in page
    assert "1\N{EN DASH}6 of 6" in page and "which ones" in page and "shop.errors.Late" in page
    assert operator.get(where + "/progress").status_code == 200
    assert "<code>charge</code>" in text(operator.get("/searches/"))


def test_each_row_is_as_its_task_is_now(tasks, engine, operator):
    where = begin(operator, "queue:mail")
    sweep(engine)
    first, second, _ = engine.background.found(where.rpartition("/")[2])
    engine.control.retry("mail", first.id, actor=OLGA)
    engine.control.delete("mail", "error", second.id, actor=OLGA)
    page = text(operator.get(where))
    assert "not in this queue" in page and page.count("state-queued") >= 1


def test_pages_go_on_to_the_end(engine, operator):
    seed.queued(engine, "later", 60)
    engine.snapshot.take()
    where = begin(operator, "charge")
    sweep(engine)
    page = text(operator.get(where))
    assert "1\N{EN DASH}50 of 60" in page and f'href="{where}?first=50"' in page
    assert "51\N{EN DASH}60 of 60" in text(operator.get(where + "?first=50"))
    assert "The list ends before this page" in text(operator.get(where + "?first=5000"))
    for odd in ("-1", "x", "9" * 40, ""):
        assert operator.get(where, query_string={"first": odd}).status_code == 200


def test_what_was_found_in_error_is_retried_and_nothing_else(tasks, engine, operator):
    where = begin(operator, "exc:GatewayDown OR state:queued")
    sweep(engine)
    assert "Retry those found in error" in text(operator.get(where))
    seed.failed(engine, "mail", 1)
    assert operator.post(where + "/retry", {"reason": "fixed"}).status_code == 303
    sizes = engine.browse.sizes("mail")
    assert (sizes["queued"], sizes["error"]) == (3, 1)
    assert engine.browse.sizes("shop.pay")["error"] == 1


def keep_only(monkeypatch, most):
    for module in ("background", "background_search"):
        monkeypatch.setattr(f"queue_core.{module}.MOST_FOUND", most)


def test_the_retry_names_only_what_is_remembered(engine, operator, monkeypatch):
    keep_only(monkeypatch, 2)
    seed.failed(engine, "mail", 5)
    engine.snapshot.take()
    where = begin(operator, "exc:GatewayDown")
    assert "What was found in error" not in text(operator.get(where))
    sweep(engine)
    page = text(operator.get(where))
    assert "that were in error, 2 tasks in all; of 5 that match only the first 2 are remembered" in page
    operator.post(where + "/retry")
    assert engine.browse.sizes("mail")["queued"] == 2


def test_where_nothing_in_error_is_remembered_no_retry_is_offered(tasks, engine, operator, monkeypatch):
    keep_only(monkeypatch, 0)
    where = begin(operator, "exc:GatewayDown")
    sweep(engine)
    page = text(operator.get(where))
    assert "none of it is among the 0 that are remembered" in page and where + "/retry" not in page
    assert operator.post(where + "/retry").status_code == 400


def test_a_retry_of_too_many_queues_is_not_offered_and_says_why(engine, operator):
    for number in range(21):
        seed.failed(engine, f"mail{number}")
    engine.snapshot.take()
    where = begin(operator, "exc:GatewayDown")
    sweep(engine)
    page = text(operator.get(where))
    assert "it is 21 tasks of 21 queues, and one act takes 20" in page and where + "/retry" not in page
    assert operator.post(where + "/retry").status_code == 400


def test_how_far_it_is_is_told_as_unknown_until_it_has_looked(tasks, engine, operator):
    where = begin(operator, "charge")
    for address, word in (
        (where, "progress unknown"),
        (where + "/progress", "progress unknown"),
        ("/searches/", "unknown"),
    ):
        page = text(operator.get(address))
        assert word in page and "0 %" not in page and '<progress max="100" aria-label' in page
    sweep(engine)
    assert '<progress max="100" value="100"' in text(operator.get("/searches/"))


def test_it_is_cancelled_and_says_so(tasks, engine, operator, acts):
    where = begin(operator, "charge")
    assert operator.post(where + "/cancel").status_code == 303
    page = text(operator.get(where))
    assert "It was cancelled" in page and "Cancel the search" not in page and "Search again" in page
    assert ("cancel_search", "done") in acts()
    assert operator.post(where + "/cancel").status_code == 409


def test_a_read_only_console_refuses_to_cancel_even_what_is_not_there(engine, acts):
    visitor = logged_in(engine, create_app(engine, ConsoleSettings(read_only=True)), "ann", "operator")
    answer = visitor.post("/searches/gone/cancel")
    assert answer.status_code == 403 and "read-only" in text(answer)
    assert acts() == [("cancel_search", "refused")]


def test_to_cancel_a_search_that_is_not_there_changes_nothing_and_is_recorded(operator, acts):
    assert operator.post("/searches/gone/cancel").status_code == 409
    assert acts() == [("cancel_search", "failed")]


def test_a_fourth_one_and_one_for_nothing_are_refused(tasks, engine, operator):
    for _ in range(background.MOST_RUNNING):
        begin(operator, "charge")
    answer = operator.post("/searches/", {"q": "charge"})
    assert answer.status_code == 400 and "running already" in text(answer)
    for query in ("", "exc:", "(a"):
        assert operator.post("/searches/", {"q": query}).status_code == 400


def test_nothing_is_found_by_what_is_hidden_and_the_page_says_why(engine, operator):
    engine.delay(seed.charge, kwargs={"password": "hunter2"}, queue="mail")
    engine.snapshot.take()
    where = begin(operator, "args.password:hunter2")
    sweep(engine)
    page = text(operator.get(where))
    assert "No task matches" in page and "is hidden in this console" in page


def test_names_of_any_bytes_break_no_page(engine, raw, operator):
    raw.sadd(b"t:queued", b"\xff<b>\x00\r\n")
    raw.zadd(b"t:queued:\xff<b>\x00\r\n", {b"\x80id\r\n": 1.0})
    raw.set(b"t:task:\x80id\r\n", b'{"func": "\\ud800a:b\xff"}')
    engine.snapshot.take()
    where = begin(operator, "state:queued")
    sweep(engine)
    assert engine.background.get(where.rpartition("/")[2]).findings.matched == 1
    for address in (where, where + "/progress", "/searches/"):
        assert operator.get(address).status_code == 200


def test_one_that_is_gone_is_told_as_gone(operator):
    answer = operator.get("/searches/none")
    assert answer.status_code == 404 and "kept for a day" in text(answer)
    assert operator.get("/searches/none/progress").status_code == 404


def test_a_record_that_is_broken_is_told_as_gone(tasks, engine, raw, operator):
    where = begin(operator, "charge")
    raw.hset("t:x:background:" + where.rpartition("/")[2], "findings", b"\xff[")
    assert operator.get(where).status_code == 404
    assert operator.get("/searches/").status_code == 200
