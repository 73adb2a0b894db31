"""The line above a list that says how much is newer."""

import pytest

from queue_core import Actor
from tests.console import seed

SOMEBODY = Actor("ann", "command line")


@pytest.fixture
def newer(operator):
    """What the line of a list says, for a list that was drawn at a moment."""

    def ask(what, since, **more):
        answer = operator.get(
            f"/newer/{what}", query_string={"since": repr(since), "back": "/audit/?verb=retry", **more}
        )
        assert answer.status_code == 200
        return answer.get_data(as_text=True)

    return ask


def happen(engine):
    """Two errors, one operation, one deletion and what the trail has of them, after the moment that it gives."""
    since = engine.clock.now()
    ids = seed.failed(engine, "mail", 3)
    engine.operations.run_small(engine.operations.start("retry", "mail", "error", actor=SOMEBODY, task_ids=ids[:1]))
    engine.control.delete("mail", "queued", ids[0], actor=SOMEBODY)
    engine.snapshot.take()
    return since


@pytest.mark.parametrize(
    ("what", "words"),
    [("errors", "2 newer errors"), ("operations", "1 newer operation"), ("trash", "1 newer deleted task")],
)
def test_each_list_tells_what_came_after_it_was_drawn(engine, newer, what, words):
    since = happen(engine)
    assert f"{words}: show" in newer(what, since)
    assert "show" not in newer(what, engine.clock.now() + 1)


def test_acts_are_counted_to_a_hundred(engine, newer):
    since = engine.clock.now() - 0.01  # a trail counts by milliseconds
    for _ in range(3):
        engine.audit.record("retry", actor=SOMEBODY, queue="mail")
    assert "3 newer acts: show" in newer("audit", since)
    for _ in range(120):
        engine.audit.record("retry", actor=SOMEBODY, queue="mail")
    assert "100 or more newer acts" in newer("audit", since)


def test_the_line_leads_back_to_the_filtered_list_and_nowhere_else(engine, newer):
    since = happen(engine)
    assert 'href="/audit/?verb=retry"' in newer("errors", since)
    assert 'href="/"' in newer("errors", since, back="https://evil.example.com/")


@pytest.mark.parametrize("since", ["nan", "-inf", "soon", "", "1e400", "-1"])
def test_a_moment_that_is_none_has_nothing_newer(engine, operator, since):
    happen(engine)
    answer = operator.get("/newer/errors", query_string={"since": since})
    assert answer.status_code == 200 and "newer error" not in answer.get_data(as_text=True)


def test_before_the_first_snapshot_nothing_is_claimed(newer):
    assert "show" not in newer("errors", 1.0)


def test_a_list_that_is_none_is_not_found(operator):
    assert operator.get("/newer/secrets").status_code == 404


def test_without_a_change_the_answer_is_short(engine, operator):
    since = engine.clock.now()
    first = operator.get("/newer/trash", query_string={"since": repr(since)})
    again = operator.get(
        "/newer/trash", query_string={"since": repr(since)}, headers={"If-None-Match": first.headers["ETag"]}
    )
    assert again.status_code == 304


@pytest.mark.parametrize("page", ["/errors/", "/errors/tasks", "/operations/", "/audit/", "/trash/"])
def test_the_lists_have_the_line(engine, operator, page):
    happen(engine)
    assert 'id="newer"' in operator.get(page).get_data(as_text=True)
