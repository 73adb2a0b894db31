"""The seam through which every write by a person goes."""

import pytest
from flask import g, session
from werkzeug.exceptions import Forbidden

from console import actions, create_app
from console.settings import ConsoleSettings
from queue_core.errors import InvalidRequest, StoreUnavailable, TaskNotFound
from tests.console.visitor import PASSWORD


@pytest.fixture
def request_of(engine):
    """A request of a logged in admin, as a context."""
    engine.people.add("ann", PASSWORD, "admin")

    def begin(settings=None, **form):
        context = create_app(engine, settings or ConsoleSettings()).test_request_context("/x", method="POST", data=form)
        context.push()
        g.user = engine.people.find("ann")
        return context

    return begin


def raising(error):
    def act(actor):
        raise error

    return act


def test_what_was_done_is_told_and_the_answer_goes_back(request_of):
    context = request_of()
    answer = actions.perform("retry", lambda actor: actor.name, told=lambda name: f"by {name}", back="/errors/")
    assert (answer.status_code, answer.location) == (303, "/errors/")
    assert session["_flashes"] == [("message", "by ann")]
    context.pop()


def test_a_notice_of_a_long_name_fits_into_the_cookie(request_of):
    context = request_of()
    actions.perform("resume", lambda actor: None, told="x" * 10_000, back="/errors/")
    assert len(session["_flashes"][0][1]) == actions.MAX_NOTICE_CHARACTERS
    context.pop()


@pytest.mark.parametrize("error", [InvalidRequest("no"), TaskNotFound("gone")])
def test_what_failed_is_recorded_and_raised(engine, request_of, error):
    context = request_of()
    with pytest.raises(type(error)):
        actions.perform("retry", raising(error), told="", back="/", queue="mail", task_id="x")
    (entry,) = engine.audit.page().entries
    assert (entry.verb, entry.outcome, entry.queue, entry.task_id) == ("retry", "failed", "mail", "x")
    assert entry.facts["error"] == str(error)
    context.pop()


def test_a_store_that_is_away_is_raised_and_nothing_can_be_recorded(engine, request_of):
    context = request_of()
    with pytest.raises(StoreUnavailable):
        actions.perform("retry", raising(StoreUnavailable()), told="", back="/")
    assert engine.audit.page().entries == []
    context.pop()


def test_a_read_only_console_never_begins(engine, request_of):
    context = request_of(ConsoleSettings(read_only=True))
    with pytest.raises(Forbidden):
        actions.perform("retry", raising(AssertionError("began")), told="", back="/")
    assert engine.audit.page().entries[0].outcome == "refused"
    context.pop()


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_the_way_back_never_leads_to_another_site(request_of, address):
    context = request_of(back=address)
    assert actions.came_from("/errors/") == "/"
    context.pop()


def test_the_way_back_is_the_page_of_the_form(request_of):
    context = request_of(back="/queues/mail/error?cursor=x")
    assert actions.came_from("/errors/") == "/queues/mail/error?cursor=x"
    context.pop()
