"""The audit page, and its files."""

import csv
import io
import json

import pytest

from console import create_app
from console.settings import ConsoleSettings
from queue_core import Actor
from tests.console import seed
from tests.console.visitor import PASSWORD, Visitor

ANN = Actor("ann", "command line")


def text(answer):
    return answer.get_data(as_text=True)


def test_every_act_is_shown_with_who_why_and_how_it_ended(engine, operator):
    (task_id,) = seed.failed(engine, "mail")
    engine.control.retry("mail", task_id, actor=ANN, reason="gateway is back")
    page = text(operator.get("/audit/"))
    assert "gateway is back" in page
    assert "command line" in page
    assert f"/queues/mail/tasks/{task_id}" in page


def test_moments_and_marks_in_the_facts_are_told_in_words(engine, operator):
    (task_id,) = seed.failed(engine, "mail")
    engine.control.pause("mail", actor=ANN, reason="gateway", until=engine.clock.now() + 3600)
    engine.control.retry("mail", task_id, actor=ANN, fresh_budget=True)
    page = text(operator.get("/audit/")).split("<tbody>")[1]
    assert '<span class="muted">until</span> <time datetime=' in page
    assert '<span class="muted">with a fresh budget</span></span>' in page
    for raw in ("until_at", "fresh_budget", "True", "None"):
        assert raw not in page


def test_an_act_is_found_by_its_name_and_by_its_words(engine, operator):
    engine.audit.record("cancel_operation", actor=ANN, reason="wrong queue", outcome="done")
    for typed in ("cancel_operation", "Cancel operation"):
        assert "wrong queue" in text(operator.get("/audit/", query_string={"verb": typed}))


def test_refusals_are_shown_too(engine, viewer):
    viewer.get("/")
    viewer.post("/queues/mail/resume")
    assert "badge-outcome-refused" in text(viewer.get("/audit/"))


def acts_found(visitor, **query):
    """The acts in the table of the page, and those in the file of the same filters."""
    table = text(visitor.get("/audit/", query_string=query)).split("<main")[1].partition("<tbody>")[2]
    lines = text(visitor.get("/audit/export.jsonl", query_string=query)).splitlines()
    in_file = [json.loads(line)["reason"] for line in lines]
    return [reason for reason in ("web", "api", "refused", "failed") if f"“{reason}”" in table], in_file


def test_filters_narrow_by_door_and_outcome_on_the_page_and_in_the_files(engine, operator):
    engine.audit.record("retry", actor=Actor("bob", "web"), reason="web", outcome="done")
    engine.audit.record("retry", actor=Actor("bob", "api", "bot"), reason="api", outcome="done")
    engine.audit.record("retry", actor=ANN, reason="refused", outcome="refused")
    engine.audit.record("retry", actor=ANN, reason="failed", outcome="failed")
    assert acts_found(operator, door="api") == (["api"], ["api"])
    assert acts_found(operator, outcome="refused") == (["refused"], ["refused"])
    assert acts_found(operator, outcome="failed", door="command line") == (["failed"], ["failed"])
    assert acts_found(operator, outcome="refused", door="api") == ([], [])
    assert "with the token</span> bot" in text(operator.get("/audit/?door=api"))


def test_a_span_of_time_narrows_page_and_files(engine, operator, raw):
    for moment, reason in ((1_000, "web"), (2_000, "api"), (3_000, "refused")):
        engine.audit.record("retry", actor=ANN, reason=reason, outcome="done")
        (last, fields), *_ = raw.xrevrange("t:x:audit", count=1)
        raw.xdel("t:x:audit", last)
        raw.rpush("later", json.dumps([moment, fields[b"act"].decode()]))
    trail = [json.loads(one) for one in raw.lrange("later", 0, -1)]
    raw.delete("t:x:audit", "later")
    for moment, act in trail:
        raw.xadd("t:x:audit", {"act": act}, id=f"{moment * 1000}-0")
    at_2000 = "1970-01-01T00:33:20"
    assert acts_found(operator, since=at_2000)[1] == ["refused", "api"]
    assert acts_found(operator, until=at_2000)[1] == ["api", "web"]
    assert acts_found(operator, since=at_2000, until=at_2000) == (["api"], ["api"])
    assert f'value="{at_2000}"' in text(operator.get("/audit/", query_string={"since": at_2000}))


@pytest.mark.parametrize(
    "query", [{"since": "yesterday"}, {"until": "9999-99-99T00:00"}, {"since": "1000-01-01T00:00"}]
)
def test_a_time_that_is_none_is_refused(operator, query):
    assert operator.get("/audit/", query_string=query).status_code == 400
    assert operator.get("/audit/export.csv", query_string=query).status_code == 400


def test_filters_narrow_by_act_person_and_queue(engine, operator):
    engine.control.pause("mail", actor=ANN, reason="first")
    engine.control.pause("pay", actor=Actor("bob", "api"), reason="second")
    engine.control.resume("mail", actor=ANN, reason="third")

    def reasons(query):
        table = text(operator.get(f"/audit/?{query}")).split("<main")[1]
        return [reason for reason in ("first", "second", "third") if f"“{reason}”" in table]

    queries = ("verb=pause", "actor=ann", "queue=pay", "actor=ann&verb=pause")
    found = {query: reasons(query) for query in queries}
    assert found == {
        "verb=pause": ["first", "second"],
        "actor=ann": ["first", "third"],
        "queue=pay": ["second"],
        "actor=ann&verb=pause": ["first"],
    }


def test_an_empty_trail_and_an_empty_filter_say_so(operator):
    assert "No act matches" in text(operator.get("/audit/?verb=purge"))


def test_older_acts_are_on_the_next_page(engine):
    engine.people.add("eva", PASSWORD, "viewer")
    visitor = Visitor(create_app(engine, ConsoleSettings(page_size=2)))
    visitor.log_in("eva")
    for number in range(5):
        engine.audit.record("retry", actor=ANN, reason=f"number {number}", outcome="done")
    first = text(visitor.get("/audit/?verb=retry"))
    assert "number 4" in first and "number 2" not in first
    following = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "number 2" in text(visitor.get(following))


def test_a_queue_name_that_cannot_be_read_is_refused(operator):
    assert operator.get("/audit/?queue=~zz").status_code == 400


# -- files --
def test_a_file_holds_more_than_a_page_and_what_the_filter_finds(engine, operator):
    for number in range(1100):
        engine.audit.record("retry", actor=ANN, queue="mail", reason=f"number {number}", outcome="done")
    engine.audit.record("retry", actor=Actor("bob", "api"), queue="pay", reason="other", outcome="done")
    answer = operator.get("/audit/export.csv?actor=ann")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    assert answer.content_type == "text/csv; charset=utf-8"
    found = [row["reason"] for row in csv.DictReader(io.StringIO(text(answer)))]
    assert found == [f"number {number}" for number in reversed(range(1100))]
    lines = text(operator.get("/audit/export.jsonl?queue=pay")).splitlines()
    assert [json.loads(line)["reason"] for line in lines] == ["other"]


def test_a_file_is_sent_while_it_is_read(engine, operator):
    for number in range(3):
        engine.audit.record("retry", actor=ANN, reason=f"number {number}", outcome="done")
    assert operator.client.get("/audit/export.jsonl").is_streamed


def test_the_page_leads_to_the_files_of_what_it_shows(operator):
    page = text(operator.get("/audit/?verb=login"))
    assert "/audit/export.csv?verb=login" in page and "/audit/export.jsonl?verb=login" in page


def test_an_empty_file_has_its_head(operator):
    assert text(operator.get("/audit/export.csv?verb=purge")).count("\n") == 1
    assert text(operator.get("/audit/export.jsonl?verb=purge")) == ""


@pytest.mark.parametrize("name", ["export.csv", "export.jsonl"])
def test_files_are_for_those_who_are_logged_in(app, name):
    answer = Visitor(app).get(f"/audit/{name}")
    assert (answer.status_code, answer.location) == (303, f"/login?next=/audit/{name}")


def test_hostile_text_cannot_leave_its_cell(engine, operator):
    engine.audit.record("retry", actor=ANN, queue='=HYPERLINK("x")\r\n,q\udcff', outcome="done")
    newest = next(csv.DictReader(io.StringIO(text(operator.get("/audit/export.csv")))))
    assert newest["queue"].startswith("'=HYPERLINK(")
    assert newest["verb"] == "retry"
