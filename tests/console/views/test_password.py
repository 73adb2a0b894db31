"""Links to set a password, as admins make them and as users use them."""

import re

import pytest

from console import create_app
from console.settings import ConsoleSettings
from queue_core import Engine
from queue_core.errors import InvalidCredentials
from tests.console.conftest import logged_in
from tests.console.visitor import PASSWORD, Visitor

NEW = "another long password"
FORM = {"password": NEW, "again": NEW}
HOSTILE = ["x", "~00", "~FF~FE", "%3Cscript%3Ealert(1)%3C", "~", "x" * 3000, "{{7*7}}"]


@pytest.fixture
def admin(engine, app):
    return logged_in(engine, app, "ada", "admin")


@pytest.fixture
def bob(engine):
    return engine.people.add("bob", PASSWORD, "viewer")


@pytest.fixture
def visitor(app):
    return Visitor(app)


@pytest.fixture
def path(engine, bob):
    """Where bob sets a password."""
    return f"/password/bob/{engine.people.links.create(bob, made_by='ada')[1]}"


def text(answer):
    return answer.get_data(as_text=True)


def shown_path(answer):
    address = re.search(r'<pre class="command"[^>]*><code>([^<]+)</code>', text(answer))[1]
    assert address.startswith("http://localhost/password/")
    return address.removeprefix("http://localhost")


def may_log_in(engine, password, name="bob"):
    try:
        return bool(engine.people.authenticate(name, password, address="test"))
    except InvalidCredentials:
        return False


def acts(engine, verb):
    return [(one.actor, one.outcome, one.facts.get("user")) for one in engine.audit.page(verb=verb).entries]


# -- made --
def test_a_user_is_added_with_a_link_and_nobody_knows_a_password(engine, admin, visitor):
    answer = admin.post("/people/", {"name": "zoe", "role": "operator", "how": "link", "password": ""})
    path = shown_path(answer)
    assert "shown this once only" in text(answer) and answer.headers["Cache-Control"] == "no-store"
    assert acts(engine, "add_user") == acts(engine, "make_link") == [("ada", "done", "zoe")]
    visitor.get(path)
    assert visitor.post(path, FORM).location == "/login"
    assert may_log_in(engine, NEW, "zoe")


def test_a_link_is_made_for_somebody_shown_once_and_listed(engine, admin, bob):
    first = shown_path(admin.post("/people/bob/link"))
    page = text(admin.get("/people/bob"))
    assert "A link made by ada" in page and first.rpartition("/")[2] not in page
    second = shown_path(admin.post("/people/bob/link"))
    assert admin.get(first).status_code == 404 and admin.get(second).status_code == 200
    assert may_log_in(engine, PASSWORD)


def test_a_link_is_revoked(engine, admin, path):
    assert admin.post("/people/bob/link/revoke").location == "/people/bob"
    assert admin.get(path).status_code == 404
    assert admin.post("/people/bob/link/revoke").status_code == 400
    assert acts(engine, "revoke_link") == [("ada", "failed", None), ("ada", "done", "bob")]


@pytest.mark.parametrize("act", ["link", "link/revoke"])
def test_only_admins_make_links_and_only_for_users_that_there_are(engine, app, admin, bob, act):
    vera = logged_in(engine, app, "vera", "operator")
    assert vera.post(f"/people/bob/{act}").status_code == 403
    assert admin.post(f"/people/nobody/{act}").status_code == 409
    admin.token = "forged"
    assert admin.post(f"/people/bob/{act}").status_code == 400
    assert engine.people.links.of(bob) is None


# -- used --
def test_whoever_has_the_link_sets_the_password_and_then_logs_in_with_it(engine, app, visitor, path):
    other = Visitor(app)
    other.log_in("bob")
    page = visitor.get(path)
    assert page.status_code == 200 and "For <b>bob</b>" in text(page) and 'minlength="10"' in text(page)
    assert visitor.post(path, FORM).location == "/login"
    assert "Your password is set" in text(visitor.get("/login"))
    assert visitor.get("/audit/").status_code == 303  # not logged in by it
    assert other.get("/audit/").status_code == 303
    assert visitor.log_in("bob", NEW).status_code == 303
    assert acts(engine, "use_link") == [("bob", "done", "bob")]


def test_it_works_once(engine, visitor, path):
    visitor.get(path)
    visitor.post(path, FORM)
    assert "cannot be used" in text(visitor.get(path))
    visitor.get("/login")
    third = {"password": "a third password", "again": "a third password"}
    answer = visitor.post(path, third)
    assert answer.status_code == 404 and "cannot be used" in text(answer)
    assert may_log_in(engine, NEW)
    assert acts(engine, "use_link") == [("bob", "refused", None), ("bob", "done", "bob")]


def test_looking_at_it_changes_nothing(visitor, path, raw):
    before = {key: raw.dump(key) for key in raw.scan_iter() if key != b"t:x:secret"}
    for _ in range(10):
        assert visitor.get(path).status_code == 200
        assert visitor.get(path[:-1]).status_code == 404
        assert visitor.client.head(path).status_code == 200
    assert {key: raw.dump(key) for key in raw.scan_iter() if key != b"t:x:secret"} == before


@pytest.mark.parametrize(("password", "again"), [(NEW, ""), (NEW, "typo"), ("x", "x")])
def test_what_was_typed_wrong_leaves_the_link_open(engine, visitor, path, password, again):
    visitor.get(path)
    answer = visitor.post(path, {"password": password, "again": again})
    assert answer.status_code == 400 and "Set the password" in text(answer) and NEW not in text(answer)
    assert visitor.post(path, FORM).location == "/login"


def test_without_the_token_of_the_page_nothing_is_set(engine, visitor, path):
    visitor.get(path)
    visitor.token = "forged"
    assert visitor.post(path, FORM).status_code == 400
    assert Visitor(visitor.client.application).post(path, FORM).status_code == 400
    assert not may_log_in(engine, NEW)


def test_whoever_is_logged_in_as_somebody_else_stays_so(engine, admin, path):
    admin.get(path)
    assert admin.post(path, FORM).location == "/login"
    assert admin.get("/people/").status_code == 200 and may_log_in(engine, NEW)


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_page_leaks_its_address_to_nobody(visitor, path, method):
    visitor.get(path)
    answer = getattr(visitor, method)(path, *([{}] if method == "post" else []))
    assert answer.headers["Referrer-Policy"] == "strict-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert path.rpartition("/")[2] not in text(answer)


def test_over_https_the_form_goes_through_with_the_origin_alone(app, engine, path):
    visitor = Visitor(app, **{"wsgi.url_scheme": "https"})
    visitor.get(path)
    assert visitor.post(path, FORM, headers={"Referer": "https://localhost/"}).location == "/login"


def test_after_wrong_links_one_has_to_wait(engine, visitor, path):
    visitor.get("/login")
    answers = [visitor.post(f"/password/bob/{number:043}", FORM) for number in range(5)]
    assert [one.status_code for one in answers] == [404, 404, 404, 429, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0 and "try again in" in text(answers[-1])
    assert len(acts(engine, "use_link")) == 3
    assert visitor.post(path, FORM).location == "/login"


@pytest.mark.parametrize("secret", HOSTILE)
@pytest.mark.parametrize("name", ["bob", *HOSTILE])
def test_hostile_links_open_nothing_and_break_nothing(engine, visitor, bob, name, secret):
    visitor.get("/login")
    for answer in (visitor.get(f"/password/{name}/{secret}"), visitor.post(f"/password/{name}/{secret}", FORM)):
        assert answer.status_code == 404 and "<script>alert" not in text(answer)
    assert may_log_in(engine, PASSWORD)


def test_a_name_that_nobody_has_is_not_written_down(engine, visitor, bob):
    visitor.get("/login")
    visitor.post("/password/hunter2/x", FORM)
    assert acts(engine, "use_link") == []


def test_a_read_only_console_sets_none(engine, bob, path):
    visitor = Visitor(create_app(engine, ConsoleSettings(read_only=True)))
    page = text(visitor.get(path))
    assert "read-only" in page and 'type="password"' not in page
    visitor.get("/login")
    assert visitor.post(path, FORM).status_code == 403 and may_log_in(engine, PASSWORD)


def test_the_page_works_under_a_prefix(app, path):
    visitor = Visitor(app, SCRIPT_NAME="/box")
    visitor.get(path)
    assert visitor.post(path, FORM).location == "/box/login"


def test_while_redis_is_away_it_says_so(own_server):
    engine = Engine(own_server.url)
    bob = engine.people.add("bob", PASSWORD, "viewer")
    path = f"/password/bob/{engine.people.links.create(bob, made_by='ada')[1]}"
    visitor = Visitor(create_app(engine, ConsoleSettings()))
    visitor.get(path)
    own_server.stop()
    assert visitor.get(path).status_code == visitor.post(path, FORM).status_code == 503
    own_server.start()
    assert visitor.post(path, FORM).location == "/login"
    engine.close()
