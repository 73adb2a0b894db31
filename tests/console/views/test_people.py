"""The page of people: who may do what, and every way to change it."""

import re

import pytest

from console import create_app
from console.settings import ConsoleSettings
from queue_core import Engine
from queue_core.errors import InvalidCredentials
from tests.console.conftest import logged_in
from tests.console.visitor import PASSWORD, Visitor

FIREFOX = {"HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


@pytest.fixture
def admin(engine, app):
    return logged_in(engine, app, "ada", "admin")


@pytest.fixture
def bob(engine):
    return engine.people.add("bob", PASSWORD, "viewer")


def text(answer):
    return answer.get_data(as_text=True)


def shown_once(answer):
    """What a page shows that is shown once only."""
    return re.search(r'<pre class="command"[^>]*><code>([^<]+)</code>', text(answer))[1]


def may_log_in(engine, name, password):
    try:
        return bool(engine.people.authenticate(name, password, address="test"))
    except InvalidCredentials:
        return False


def test_the_page_lists_users_with_roles_and_grants(engine, admin, bob):
    engine.people.grant("bob", "operator", "billing")
    page = text(admin.get("/people/"))
    assert 'href="/people/bob"' in page and "operator on" in page and "/queues/billing" in page
    assert "None." in page  # no token yet
    assert 'href="/people/bob"' not in text(admin.get("/people/?q=ad"))
    assert "No user has such a name" in text(admin.get("/people/?q=zzz"))


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_only_admins_find_the_page_in_the_menu(engine, app, role):
    visitor = logged_in(engine, app, "vera", role)
    assert 'href="/people/"' not in text(visitor.get("/"))
    assert visitor.get("/people/").status_code == 403


def test_an_admin_finds_the_page_in_the_menu(admin):
    assert 'href="/people/"' in text(admin.get("/"))


def test_a_granted_admin_says_nothing_about_people(engine, app):
    engine.people.add("gus", PASSWORD, "operator")
    engine.people.grant("gus", "admin", "billing")
    gus = Visitor(app)
    gus.log_in("gus")
    assert gus.get("/people/").status_code == gus.post("/people/", {"name": "x", "role": "admin"}).status_code == 403


# -- adding --
def test_a_user_is_added_with_a_password_that_is_made_and_shown_once(engine, admin):
    answer = admin.post("/people/", {"name": "zoe", "role": "operator", "password": ""})
    assert may_log_in(engine, "zoe", shown_once(answer))
    assert answer.headers["Cache-Control"] == "no-store"
    entry = next(entry for entry in engine.audit.page().entries if entry.verb == "add_user")
    assert (entry.actor, entry.outcome, entry.facts) == ("ada", "done", {"user": "zoe", "role": "operator"})


def test_a_password_that_was_typed_is_not_shown(engine, admin):
    answer = admin.post("/people/", {"name": "zoe", "role": "viewer", "password": PASSWORD})
    assert PASSWORD not in text(answer) and may_log_in(engine, "zoe", PASSWORD)


@pytest.mark.parametrize(
    "form",
    [
        {"name": "ada", "role": "viewer"},
        {"name": "<b>", "role": "viewer"},
        {"name": "zoe", "role": "root"},
        {"name": "zoe", "role": "viewer", "password": "short"},
    ],
)
def test_a_user_that_cannot_be_is_refused_and_that_is_recorded(engine, admin, form):
    assert admin.post("/people/", form).status_code == 400
    assert engine.people.count() == 1
    assert (engine.audit.page().entries[0].verb, engine.audit.page().entries[0].outcome) == ("add_user", "failed")


# -- changing --
def test_a_role_is_changed_and_counts_at_once(engine, admin, bob):
    assert admin.post("/people/bob/role", {"role": "operator"}).location == "/people/bob"
    assert engine.people.find("bob").role == "operator"


def test_whoever_changes_themselves_stays_logged_in(engine, admin, bob):
    engine.people.set_role("bob", "admin")
    admin.post("/people/ada/logout")
    assert admin.get("/people/").status_code == 200
    admin.post("/people/ada/role", {"role": "operator"})
    assert admin.get("/people/").status_code == 403


def test_grants_are_given_and_taken_back(engine, admin, bob):
    admin.post("/people/bob/grant", {"role": "operator", "queue": " billing "})
    assert [(one.role, one.queue) for one in engine.people.find("bob").grants] == [("operator", "billing")]
    assert 'aria-label="Revoke operator on billing"' in text(admin.get("/people/bob"))
    admin.post("/people/bob/revoke", {"queue": "billing"})
    assert engine.people.find("bob").grants == ()
    assert admin.post("/people/bob/grant", {"role": "operator", "queue": ""}).status_code == 400


def test_another_password_ends_sessions_and_is_shown_once(engine, app, admin, bob):
    visitor = Visitor(app)
    visitor.log_in("bob")
    password = shown_once(admin.post("/people/bob/password", {"password": ""}))
    assert may_log_in(engine, "bob", password) and visitor.get("/").status_code == 303


def test_a_user_is_removed_once_the_name_is_typed(engine, admin, bob):
    assert admin.post("/people/bob/remove", {"typed": "bo"}).status_code == 400
    assert admin.post("/people/bob/remove", {"typed": "bob"}).location == "/people/"
    assert engine.people.find("bob") is None


def test_the_last_admin_stays_and_stays_one(engine, admin, bob):
    assert admin.post("/people/ada/remove", {"typed": "ada"}).status_code == 400
    assert admin.post("/people/ada/role", {"role": "viewer"}).status_code == 400
    assert engine.people.find("ada").role == "admin"


@pytest.mark.parametrize(
    "act", ["role", "grant", "revoke", "password", "logout", "tokens/add", "sessions/x/end", "tokens/x/revoke"]
)
def test_who_is_gone_is_told_so(engine, admin, act):
    form = {"role": "viewer" if act != "grant" else "operator", "queue": "a", "name": "x", "days": "7"}
    assert admin.post(f"/people/nobody/{act}", form).status_code == 409
    assert admin.get("/people/nobody").status_code == 404


# -- sessions and tokens --
def test_sessions_are_listed_and_one_is_ended(engine, app, admin, bob):
    first, second = Visitor(app, REMOTE_ADDR="192.0.2.7", **FIREFOX), Visitor(app)
    first.log_in("bob"), second.log_in("bob")
    page = text(admin.get("/people/"))
    assert "192.0.2.7" in page and "Firefox on Linux" in page and ">this one<" in page
    session = next(one for one in engine.people.sessions.of(bob) if one.address == "192.0.2.7")
    admin.post(f"/people/bob/sessions/{session.id}/end", {"back": "/people/"})
    assert (first.get("/").status_code, second.get("/").status_code) == (303, 200)
    assert [entry.verb for entry in engine.audit.page().entries[:1]] == ["end_session"]


def test_a_token_is_made_for_somebody_shown_once_and_revoked(engine, admin, bob):
    engine.people.set_role("bob", "operator")
    form = {"name": "bot", "role": "operator", "queues": "billing, mail", "days": "30"}
    secret = shown_once(admin.post("/people/bob/tokens/add", form))
    user, token = engine.people.of_token(secret, address="test")
    assert (user.name, token.queues, token.made_by) == ("bob", ("billing", "mail"), "ada")
    page = text(admin.get("/people/bob"))
    assert "operator on billing" in page.replace("<wbr>", "") and secret not in page
    assert admin.post(f"/people/ada/tokens/{token.id}/revoke").status_code == 409
    admin.post(f"/people/bob/tokens/{token.id}/revoke")
    assert engine.people.tokens.all() == []


def test_a_token_that_may_more_than_its_user_is_refused(engine, admin, bob):
    assert admin.post("/people/bob/tokens/add", {"name": "bot", "role": "operator", "days": "30"}).status_code == 400
    assert admin.post("/people/bob/tokens/add", {"name": "bot", "role": "viewer", "days": "31"}).status_code == 400
    assert engine.people.tokens.all() == []


# -- what may be in the way --
def test_a_read_only_console_shows_people_and_changes_nothing(engine, bob):
    admin = logged_in(engine, create_app(engine, ConsoleSettings(read_only=True)), "ada", "admin")
    for path in ("/people/", "/people/bob", "/account/"):
        page = text(admin.get(path)).partition("<main")[2]
        assert "Revoke" not in page and 'type="password"' not in page
    assert admin.post("/people/bob/role", {"role": "admin"}).status_code == 403
    assert engine.people.find("bob").role == "viewer"


def test_records_that_cannot_be_read_break_no_page(engine, admin, raw):
    raw.hset("t:x:users", "<script>", b"{")
    raw.hset("t:x:users:tokens", "x", b"\xff")
    raw.hset("t:x:users:sessions:ada", "x", b"[]")
    hostile = raw.hget("t:x:users", "ada")
    raw.hset("t:x:users", b"<b>\xff/../x", hostile)
    page = text(admin.get("/people/"))
    assert "<script>" not in page.partition("<main")[2] and "&lt;b&gt;" in page
    assert admin.get("/people/~3Cb~3E~FF~2F..~2Fx").status_code == 200


def test_many_users_are_shown_in_part_and_the_page_says_so(engine, admin, raw):
    record = raw.hget("t:x:users", "ada")
    raw.hset("t:x:users", mapping={f"user{number:04}": record for number in range(250)})
    assert "51 more users not shown" in text(admin.get("/people/"))


def test_while_redis_is_away_the_page_says_so(own_server):
    engine = Engine(own_server.url)
    admin = logged_in(engine, create_app(engine, ConsoleSettings()), "ada", "admin")
    own_server.stop()
    assert admin.get("/people/").status_code == admin.get("/account/").status_code == 503
    own_server.start()
    engine.close()


# -- attacks --
def people_routes(app, engine, method):
    """The addresses about people and accounts that take `method`."""
    values = {"user": "ada", "session_id": "x", "token_id": "x"}
    for rule in app.url_map.iter_rules():
        if (
            rule.endpoint.partition(".")[0] in ("people", "account")
            and method in rule.methods
            and "static" not in rule.endpoint
        ):
            given = {name: values[name] for name in rule.arguments}
            yield app.url_map.bind("localhost").build(rule.endpoint, given, method=method)


def written(raw):
    return {key: raw.dump(key) for key in raw.scan_iter() if key != b"t:x:audit"}


FORM = {
    "name": "eve",
    "role": "admin",
    "password": PASSWORD,
    "queue": "mail",
    "days": "7",
    "typed": "ada",
    "old": PASSWORD,
}


def test_nothing_about_people_changes_by_being_looked_at(app, engine, admin, raw):
    before, trail = written(raw), raw.xlen("t:x:audit")
    for path in people_routes(app, engine, "GET"):
        assert admin.get(path).status_code == 200, path
    assert (written(raw), raw.xlen("t:x:audit")) == (before, trail)


def test_nothing_about_people_changes_without_the_token_of_the_session(app, engine, admin, raw):
    before, paths = written(raw), list(people_routes(app, engine, "POST"))
    for path in paths:
        admin.token = "forged"
        assert admin.post(path, FORM).status_code == 400, path
    assert written(raw) == before and len(paths) > 10
