"""The tasks of all queues by a query, and the field on top of every page."""

import re
from html import unescape

import pytest

from console.converters import to_segment
from tests.console import seed


@pytest.fixture
def tasks(engine):
    ids = {
        "mail": seed.failed(engine, "mail", 2, exception_name="smtplib:SMTPError"),
        "shop.pay": seed.failed(engine, "shop.pay", 1, args=["order", 7]),
        "later": seed.queued(engine, "later", 2, args=["tea"]),
    }
    engine.snapshot.take()
    return ids


def text(answer):
    return unescape(answer.get_data(as_text=True))


def rows(page):
    return re.findall(r'name="task" value="([^"]+)"', page)


def test_without_a_query_all_tasks_are_there_the_failed_ones_on_top(tasks, operator):
    page = text(operator.get("/tasks/"))
    assert "All 5 tasks." in page
    assert [value.split("/")[0] for value in rows(page)] == ["error"] * 3 + ["queued"] * 2


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("queue:mail", 2),
        ("queue:shop.*", 1),
        ("state:queued", 2),
        ("exc:SMTPError", 2),
        ("exc:SMTPError OR state:queued", 4),
        ("-state:error", 2),
        ("args.0:tea args.1:1", 1),
        ("refused", 3),
        ("nowhere", 0),
    ],
)
def test_a_query_finds_what_it_says_and_how_much_was_searched(tasks, operator, query, found):
    page = text(operator.get("/tasks/", query_string={"q": query}))
    assert len(rows(page)) == found
    assert re.search(rf"{found} of \d tasks? match(es)?; all were searched", page)
    assert f'value="{query}"' in page


def test_a_name_that_is_longer_than_a_query_may_be_breaks_no_list(engine, raw, operator):
    raw.sadd("t:error", "q" * 3000)
    raw.zadd("t:error:" + "q" * 3000, {"a": 1.0})
    engine.snapshot.take()
    for address in ("/tasks/", "/errors/tasks"):
        page = text(operator.get(address))
        assert "q" * 159 + "…</a>" in page, "cut, or it would push what is below off the screen"
        assert f'title="{"q" * 3000}"' in page, "whole for who points at it"


def test_a_fault_is_marked_and_nothing_that_was_typed_is_lost(tasks, operator):
    answer = operator.get("/tasks/", query_string={"q": "queue:mail fucn:charge"})
    assert answer.status_code == 400
    page = text(answer)
    assert "There is no fucn: here" in page
    assert "<code>queue:mail <mark>fucn:charge</mark></code>" in page
    assert 'value="queue:mail fucn:charge"' in page
    assert rows(page) == []


def test_long_lists_go_on_with_the_filter_kept(engine, operator):
    seed.failed(engine, "mail", 70)
    engine.snapshot.take()
    first = text(operator.get("/tasks/?q=queue:mail"))
    onward = re.search(r'href="([^"]+)"[^>]*>Next page', first)[1]
    assert "q=queue:mail" in onward
    second = text(operator.get(onward))
    assert len(set(rows(first) + rows(second))) == 70
    assert "That is the end: all 70 tasks were searched." in second


def test_an_address_that_was_cut_is_refused(tasks, operator):
    assert operator.get("/tasks/?cursor=xyz").status_code == 400


def test_ticked_tasks_of_several_queues_and_states_are_acted_on(engine, tasks, operator):
    back = "/tasks/?q=refused OR state:queued"
    ticked = rows(text(operator.get(back)))
    answer = operator.post("/tasks/selected/retry", {"task": ticked, "back": back})
    assert answer.status_code == 303 and answer.location == back.replace(" ", "%20")
    page = text(operator.get("/tasks/"))
    assert "3 tasks retried in 2 queues. 2 were left alone: not in error." in page
    operator.post("/tasks/selected/delete", {"task": [f"queued/later/{to_segment(tasks['later'][0])}"]})
    assert engine.browse.sizes("later")["queued"] == 1


def test_running_tasks_are_not_acted_on(engine, operator):
    _, task_id = seed.active(engine, "mail")
    engine.snapshot.take()
    assert rows(text(operator.get("/tasks/?q=state:active"))) == []
    operator.post("/tasks/selected/delete", {"task": [f"active/mail/{task_id}"]})
    assert "so nothing was changed" in text(operator.get("/tasks/"))
    assert engine.browse.sizes("mail")["active"] == 1


def test_places_that_are_none_are_refused(tasks, operator):
    operator.get("/tasks/")
    for value in ("nowhere/mail/x", "error/~zz/x", "x"):
        assert operator.post("/tasks/selected/delete", {"task": [value]}).status_code == 400


def test_a_viewer_may_look_but_not_act(tasks, viewer):
    page = text(viewer.get("/tasks/"))
    assert "All 5 tasks." in page and rows(page) == []
    assert viewer.post("/tasks/selected/retry", {"task": ["error/mail/x"]}).status_code == 403


def test_what_is_hidden_is_found_by_nobody(engine, operator):
    seed.queued(engine, "mail", kwargs={"password": "hunter2", "user": "ann"})
    engine.snapshot.take()
    for query in ("hunter2", "args.password:hunter2", "args.password:hunter*", "-args.password:x"):
        page = text(operator.get("/tasks/", query_string={"q": query}))
        assert len(rows(page)) == (0 if "args" in query or query == "hunter2" else 1), query
    assert "The value of <code>args.password</code> is hidden" in page
    assert len(rows(text(operator.get("/tasks/?q=args.user:ann")))) == 1


def test_facets_narrow_the_query_and_change_what_it_asked_before(tasks, operator):
    page = text(operator.get("/tasks/?q=state:queued+args.0:tea"))
    assert "/tasks/?q=args.0:tea+state:error" in page
    assert "/tasks/?q=state:queued+args.0:tea+queue:later" in page


def test_the_field_offers_what_is_known(tasks, operator):
    page = text(operator.get("/tasks/"))
    for words in ("queue:shop.pay", "state:scheduled", "args."):
        assert f'<option value="{words}">' in page


def test_without_tasks_and_without_counts_the_page_says_so(engine, operator):
    assert "The counts are unknown" in text(operator.get("/tasks/"))
    engine.snapshot.take()
    assert "There are no tasks" in text(operator.get("/tasks/"))


def test_strange_names_are_found_and_their_facets_lead_to_them(engine, operator):
    name = 'a "b" *(c) \\ <i>'
    seed.queued(engine, name)
    seed.queued(engine, "other")
    engine.snapshot.take()
    page = operator.get("/tasks/").get_data(as_text=True)
    links = re.findall(r'<a href="(/tasks/\?q=queue:[^"]+)"', page)
    assert [len(rows(text(operator.get(unescape(link))))) for link in links] == [1, 1]
    assert "<i>" not in page


# -- the field on top --


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("mail", "/queues/mail"),
        ("tea", "/tasks/?q=tea"),
        ("exc:SMTPError", "/tasks/?q=exc:SMTPError"),
        ("", "/tasks/"),
    ],
)
def test_words_lead_to_the_queue_or_to_all_tasks(tasks, operator, words, place):
    answer = operator.get("/search/", query_string={"q": words})
    assert (answer.status_code, answer.location) == (303, place)


def test_an_id_leads_to_its_task_wherever_it_is(tasks, operator):
    task_id = tasks["later"][0]
    answer = operator.get("/search/", query_string={"q": f" {task_id} "})
    assert answer.location == f"/queues/later/tasks/{task_id}"


def test_an_id_in_two_queues_leads_to_both(engine, tasks, operator):
    store = engine.store
    store.client.sadd(store.keys.names("queued"), "other")
    store.client.zadd(store.keys.state("queued", "other"), {tasks["later"][0]: 1.0})
    engine.snapshot.take()
    answer = operator.get("/search/", query_string={"q": tasks["later"][0]})
    assert answer.location.startswith("/tasks/?q=")
    assert len(rows(text(operator.get(answer.location)))) == 2


def test_every_page_has_the_field(tasks, operator):
    assert 'action="/search/"' in text(operator.get("/workers/"))
