"""The login page and the ways out."""

import pytest

from console import create_app
from console.settings import ConsoleSettings
from queue_core import Engine
from tests.console.visitor import PASSWORD, Visitor


@pytest.fixture
def app(engine):
    return create_app(engine, ConsoleSettings())


@pytest.fixture
def visitor(app):
    return Visitor(app)


@pytest.fixture
def ann(engine):
    return engine.people.add("ann", PASSWORD, "viewer")


def text(answer):
    return answer.get_data(as_text=True)


def logins(engine):
    return [(entry.actor, entry.outcome) for entry in engine.audit.page(verb="login").entries]


def test_the_page_asks_for_name_and_password(visitor, ann):
    page = visitor.get("/login")
    assert page.status_code == 200
    assert '<label for="name">' in text(page)
    assert '<label for="password">' in text(page)
    assert "No user exists yet" not in text(page)


def test_while_no_user_exists_the_page_tells_how_to_add_one(visitor):
    assert "signalbox users add NAME --role admin" in text(visitor.get("/login"))


def test_the_right_password_leads_to_the_overview_and_is_recorded(visitor, ann, engine):
    answer = visitor.log_in("ann")
    assert (answer.status_code, answer.location) == (303, "/")
    assert logins(engine) == [("ann", "done")]


def test_a_name_typed_with_spaces_around_it_is_understood(visitor, ann):
    assert visitor.log_in(" ann ").status_code == 303


def test_the_login_leads_back_to_the_page_asked_for(visitor, ann):
    assert visitor.log_in("ann", next="/audit/?verb=retry").location == "/audit/?verb=retry"


def test_the_login_never_leads_to_another_site(visitor, ann):
    assert visitor.log_in("ann", next="//evil.example/").location == "/"


def test_the_page_asked_for_survives_a_wrong_password(visitor, ann):
    page = visitor.log_in("ann", "certainly wrong", next="/audit/")
    assert 'name="next" value="/audit/"' in text(page)


def test_a_wrong_password_and_an_unknown_name_look_the_same(visitor, ann):
    wrong, unknown = visitor.log_in("ann", "certainly wrong"), visitor.log_in("ghost")
    for page in (wrong, unknown):
        assert page.status_code == 401
        assert "The user name or the password is not right." in text(page)


def test_a_refused_login_is_recorded_for_a_user_and_not_for_a_name_nobody_has(visitor, ann, engine):
    visitor.log_in("ann", "certainly wrong")
    visitor.log_in("hunter2-typed-into-the-wrong-field")
    assert logins(engine) == [("ann", "refused")]


def test_after_failures_the_page_says_how_long_to_wait(visitor, ann, engine):
    pages = [visitor.log_in("ann", "certainly wrong") for _ in range(4)]
    assert [page.status_code for page in pages] == [401, 401, 401, 429]
    assert "the next attempt has to wait 2 s" in text(pages[2])
    assert "try again in" in text(pages[3])
    assert 1 <= int(pages[3].headers["Retry-After"]) <= 2
    assert len(logins(engine)) == 3


def test_what_was_typed_comes_back_escaped_and_never_the_password(visitor, ann):
    page = text(visitor.log_in('"><script>alert(1)</script>', "certainly wrong"))
    assert "<script>alert" not in page
    assert "certainly wrong" not in page


@pytest.mark.parametrize("name", ["\x00", "\udcff", "x" * 10_000])
def test_a_hostile_name_is_refused_like_any_other(visitor, name):
    assert visitor.log_in(name.encode("utf-8", "surrogateescape")).status_code == 401


def test_who_is_logged_in_is_sent_on_from_the_login_page(visitor, ann):
    visitor.log_in("ann")
    assert visitor.get("/login?next=/audit/").location == "/audit/"


def test_logging_out_ends_the_session_of_this_browser_only(app, visitor, ann):
    other = Visitor(app)
    other.log_in("ann")
    visitor.log_in("ann")
    assert visitor.post("/logout").location == "/login"
    assert visitor.get("/audit/").status_code == 303
    assert other.get("/audit/").status_code == 200


def test_logging_out_everywhere_ends_all_sessions_and_is_recorded(app, visitor, ann, engine):
    other = Visitor(app)
    other.log_in("ann")
    visitor.log_in("ann")
    visitor.post("/logout/everywhere")
    assert visitor.get("/audit/").status_code == 303
    assert other.get("/audit/").status_code == 303
    assert engine.audit.page(verb="logout_everywhere").entries[0].actor == "ann"


def test_one_can_log_in_while_redis_is_full(own_server):
    engine = Engine(own_server.url)
    engine.people.add("ann", PASSWORD, "operator")
    visitor = Visitor(create_app(engine, ConsoleSettings()))
    visitor.get("/login")
    engine.store.client.config_set("maxmemory", "1")
    assert visitor.log_in("ann").status_code == 303
    assert visitor.get("/audit/").status_code == 200
    engine.close()


def test_nobody_is_logged_out_by_following_a_link(visitor, ann):
    visitor.log_in("ann")
    assert visitor.get("/logout").status_code == 405


def test_the_login_works_under_a_prefix(app, ann):
    visitor = Visitor(app, SCRIPT_NAME="/box")
    assert visitor.get("/audit/").location == "/box/login?next=/box/audit/"
    assert visitor.log_in("ann", next="/box/audit/").location == "/box/audit/"
    assert visitor.get("/audit/").status_code == 200


def test_the_page_holds_no_inline_script_or_style(visitor):
    page = text(visitor.get("/login")).lower()
    assert "<script>" not in page
    assert "style=" not in page
    assert "<style" not in page
