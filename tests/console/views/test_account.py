"""One's own account: sessions, password, tokens, for every role."""

import re

import pytest

from queue_core.errors import InvalidCredentials
from tests.console.conftest import logged_in
from tests.console.visitor import PASSWORD, Visitor

NEW = "another horse battery"


def text(answer):
    return answer.get_data(as_text=True)


def test_the_account_says_who_one_is_and_what_one_may(engine, viewer):
    engine.people.grant("vera", "operator", "billing")
    page = text(viewer.get("/account/"))
    assert "<h1>vera</h1>" in page and "operator on billing" in page and ">this one<" in page
    assert "more on 1 queue" in page


def test_the_name_in_the_menu_leads_to_the_account(viewer):
    assert 'href="/account/"' in text(viewer.get("/"))


def test_another_session_is_ended_and_this_one_goes_on(engine, app, viewer):
    other = Visitor(app)
    other.log_in("vera")
    mine, theirs = [one.id for one in reversed(engine.people.sessions.of(engine.people.find("vera")))]
    assert viewer.post(f"/account/sessions/{theirs}/end").location == "/account/"
    assert (viewer.get("/").status_code, other.get("/").status_code) == (200, 303)
    assert viewer.post(f"/account/sessions/{theirs}/end").status_code == 409
    viewer.post(f"/account/sessions/{mine}/end")
    assert viewer.get("/").status_code == 303


def test_nobody_ends_a_session_or_a_token_of_somebody_else(engine, viewer, operator):
    (session,) = engine.people.sessions.of(engine.people.find("olga"))
    token, _ = engine.people.tokens.create(engine.people.find("olga"), "bot", role="viewer", made_by="olga")
    assert viewer.post(f"/account/sessions/{session.id}/end").status_code == 409
    assert viewer.post(f"/account/tokens/{token.id}/revoke").status_code == 409
    assert operator.get("/").status_code == 200 and len(engine.people.tokens.all()) == 1


def test_logging_out_takes_the_session_off_the_list(engine, viewer):
    viewer.post("/logout")
    assert engine.people.sessions.of(engine.people.find("vera")) == []


def test_the_password_is_changed_with_the_old_one_and_other_sessions_end(engine, app, viewer):
    other = Visitor(app)
    other.log_in("vera")
    form = {"old": PASSWORD, "password": NEW, "again": NEW}
    assert viewer.post("/account/password", form).location == "/account/"
    assert "You have a new password" in text(viewer.get("/account/"))
    assert other.get("/").status_code == 303
    assert engine.people.authenticate("vera", NEW, address="test")
    assert engine.audit.page().entries[0].verb == "login" or engine.audit.page().entries[0].verb == "set_password"


@pytest.mark.parametrize(
    "form",
    [
        {"old": "wrong", "password": NEW, "again": NEW},
        {"old": PASSWORD, "password": NEW, "again": NEW + "x"},
        {"old": PASSWORD, "password": "short", "again": "short"},
        {},
    ],
)
def test_a_password_is_not_changed_otherwise(engine, viewer, form):
    assert viewer.post("/account/password", form).status_code == 400
    assert engine.people.authenticate("vera", PASSWORD, address="test")
    assert (engine.audit.page().entries[0].verb, engine.audit.page().entries[0].outcome) == ("set_password", "failed")


def test_guessing_the_old_password_is_slowed_down(engine, viewer):
    for _ in range(4):
        viewer.post("/account/password", {"old": "wrong", "password": NEW, "again": NEW})
    answer = viewer.post("/account/password", {"old": PASSWORD, "password": NEW, "again": NEW})
    assert answer.status_code == 400 and "Too many failed attempts" in text(answer)
    with pytest.raises(InvalidCredentials):
        engine.people.authenticate("vera", NEW, address="test")


def test_one_makes_a_token_of_ones_own_within_ones_rights(engine, viewer):
    assert "<option>operator</option>" not in text(viewer.get("/account/"))
    answer = viewer.post("/account/tokens/add", {"name": "bot", "role": "viewer", "days": "0"})
    secret = re.search(r"sbx_\w{12}_[\w-]{43}", text(answer))[0]
    assert engine.people.of_token(secret, address="test")[1].expires_at is None
    assert viewer.post("/account/tokens/add", {"name": "c", "role": "operator", "days": "7"}).status_code == 400
    (token,) = engine.people.tokens.all("vera")
    assert viewer.post(f"/account/tokens/{token.id}/revoke").location == "/account/"
    assert engine.people.tokens.all() == []


def test_a_session_ended_by_another_login_than_the_register_knows_is_over(engine, app, raw):
    visitor = logged_in(engine, app, "olaf", "viewer")
    raw.delete("t:x:users:sessions:olaf")
    assert visitor.get("/").status_code == 303
