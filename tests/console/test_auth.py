"""Closed by default, roles, and when a session ends."""

import pytest
from flask import Blueprint
from werkzeug.routing import AnyConverter

from console import create_app
from console.auth import API_PATH, RIGHTS, may, safe_next
from console.settings import ConsoleSettings
from queue_core import Engine
from tests.console.visitor import PASSWORD, Visitor

OPEN_TO_ALL = {"static", "health.healthz", "login.show", "login.submit", "password.show", "password.submit"}


@pytest.fixture
def app(engine):
    """The console, with one route added by somebody who forgot to guard it, and one for each right."""
    app = create_app(engine, ConsoleSettings())
    late = Blueprint("late", __name__)
    late.route("/late", methods=["GET", "POST"], endpoint="late")(lambda: "secret")
    for right in ("look", "operate", "admin"):
        late.post(f"/late/<queue>/{right}", endpoint=right)(may(right)(lambda queue: "done"))
    app.register_blueprint(late)
    return app


@pytest.fixture
def visitor(app):
    return Visitor(app)


@pytest.fixture
def person(app, engine):
    """Makes a logged-in user of a role."""

    def make(role, name="ann"):
        engine.people.add(name, PASSWORD, role)
        visitor = Visitor(app)
        assert visitor.log_in(name).status_code == 303
        return visitor

    return make


def entries(engine, verb):
    return [entry for entry in engine.audit.page().entries if entry.verb == verb]


# -- closed by default --
def test_every_route_but_login_static_and_health_is_refused_to_anonymous_visitors(app, visitor):
    visitor.get("/login")
    seen = set()
    for rule in app.url_map.iter_rules():
        if rule.endpoint in OPEN_TO_ALL:
            continue
        path = _some_path(app, rule)
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            with app.test_request_context(path, method=method) as context:
                assert context.request.endpoint == rule.endpoint
            answer = visitor.client.open(path, method=method, data={"csrf_token": visitor.token})
            if method == "GET" and not path.startswith((API_PATH, "/metrics")):
                assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/login"), rule
            else:
                assert answer.status_code == 401, rule
            seen.add(rule.endpoint)
    assert {"late.late", "overview.index", "login.leave"} <= seen
    assert len(seen) > 10


def _some_path(app, rule):
    values = {argument: _some_value(rule._converters[argument]) for argument in rule.arguments}
    return app.url_map.bind("localhost").build(rule.endpoint, values, method=min(rule.methods - {"HEAD", "OPTIONS"}))


def _some_value(converter):
    return min(converter.items) if isinstance(converter, AnyConverter) else "1"


def test_every_view_that_takes_a_form_names_the_right_it_needs(app):
    for rule in app.url_map.iter_rules():
        if "POST" in rule.methods and rule.endpoint not in OPEN_TO_ALL and not rule.rule.startswith("/late"):
            assert getattr(app.view_functions[rule.endpoint], "needed_right", None) in RIGHTS["admin"], rule


def test_a_route_added_later_is_closed_too(visitor):
    assert visitor.get("/late").status_code == 303
    assert visitor.post("/late").status_code == 401


def test_an_anonymous_visitor_cannot_tell_which_pages_exist(visitor):
    assert visitor.get("/no/such/page").status_code == 303


def test_other_methods_are_refused_to_anonymous_visitors(visitor):
    for method in ("OPTIONS", "PUT", "DELETE", "PATCH"):
        assert visitor.client.open("/late", method=method).status_code == 401


def test_a_refused_page_is_where_the_login_leads_back_to(visitor):
    assert visitor.get("/audit/?verb=retry&queue=a").location == "/login?next=/audit/?verb%3Dretry%26queue%3Da"


def test_a_fragment_asked_for_without_login_sends_the_whole_browser_to_the_login(visitor):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://localhost/errors/?q=x"}
    answer = visitor.get("/late", headers=headers)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/login?next=/errors/?q%3Dx")


def test_a_hostile_current_url_does_no_harm(visitor):
    answer = visitor.get("/late", headers={"HX-Request": "true", "HX-Current-URL": "http://["})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/login")


FORM_PAGE = {"Referer": "http://localhost/queues/mail/error?cursor=1"}
BACK_THERE = 'href="/login?next=/queues/mail/error?cursor%3D1"'


def test_a_form_sent_without_login_is_answered_with_the_way_back_to_its_page(visitor):
    answer = visitor.post("/late", headers=FORM_PAGE)
    assert answer.status_code == 401 and BACK_THERE in answer.get_data(as_text=True)
    notice = visitor.post("/late", headers={"HX-Request": "true", "HX-Current-URL": FORM_PAGE["Referer"]})
    assert notice.status_code == 401 and BACK_THERE in notice.get_data(as_text=True)


def test_the_page_of_a_form_may_be_told_by_the_form_itself(visitor):
    page = visitor.post("/late", {"back": "/queues/mail/error?cursor=1"}, headers={"Referer": "http://localhost/x"})
    assert BACK_THERE in page.get_data(as_text=True)


@pytest.mark.parametrize("sent_by", ["https://evil.example/x", "http://[", "http://localhost//evil.example", "", "/x"])
def test_nobody_is_led_back_to_where_a_hostile_referrer_points(visitor, sent_by):
    page = visitor.post("/late", headers={"Referer": sent_by}).get_data(as_text=True)
    assert 'href="/login"' in page and "evil" not in page


# -- rights --
@pytest.mark.parametrize(
    ("role", "allowed"),
    [("viewer", {"look"}), ("operator", {"look", "operate"}), ("admin", {"look", "operate", "admin"})],
)
def test_each_role_may_do_what_it_may_and_nothing_more(person, role, allowed):
    visitor = person(role)
    for right in ("look", "operate", "admin"):
        assert visitor.post(f"/late/q/{right}").status_code == (200 if right in allowed else 403)


def test_a_refusal_is_a_page_that_names_the_role_and_is_recorded(person, engine):
    answer = person("viewer").post("/late/orders.acme/operate")
    assert answer.status_code == 403
    assert "This needs the role operator on orders.acme; you are logged in as ann, viewer." in answer.get_data(
        as_text=True
    )
    (entry,) = entries(engine, "operate")
    assert (entry.actor, entry.door, entry.queue, entry.outcome) == ("ann", "web", "orders.acme", "refused")


def test_a_role_taken_away_counts_at_the_next_request(person, engine):
    visitor = person("operator")
    engine.people.set_role("ann", "viewer")
    assert visitor.post("/late/q/operate").status_code == 401
    visitor.log_in("ann")
    assert visitor.post("/late/q/operate").status_code == 403


# -- sessions --
def test_a_session_ends_when_the_user_is_removed(person, engine):
    visitor = person("admin")
    assert visitor.get("/late").status_code == 200
    engine.people.remove("ann")
    assert visitor.get("/late").status_code == 303


def test_a_session_does_not_come_back_with_a_new_user_of_the_same_name(person, engine):
    visitor = person("viewer")
    engine.people.remove("ann")
    engine.people.add("ann", PASSWORD, "admin")
    assert visitor.get("/late").status_code == 303


def test_a_session_ends_when_the_password_changes(person, engine):
    visitor = person("viewer")
    engine.people.set_password("ann", "another password")
    assert visitor.get("/late").status_code == 303


def test_a_session_ends_after_the_hours_of_the_settings(engine):
    engine.people.add("ann", PASSWORD, "viewer")
    visitor = Visitor(create_app(engine, ConsoleSettings(session_hours=2.0)))
    visitor.log_in("ann")
    engine.clock.offset_seconds += 2 * 3600 - 60
    assert visitor.get("/audit/").status_code == 200
    engine.clock.offset_seconds += 120
    assert visitor.get("/audit/").status_code == 303


def test_a_session_signed_with_another_key_is_nobodys(app, engine, person, raw):
    visitor = person("admin")
    other = create_app(engine, ConsoleSettings())
    other.secret_key = "forged" * 10
    forger = Visitor(other)
    forger.log_in("ann")
    forged = forger.client.get_cookie("signalbox").value
    visitor.client.set_cookie("signalbox", forged)
    assert visitor.get("/late").status_code == 303


def test_consoles_on_one_redis_know_each_others_sessions(person, engine):
    visitor = person("viewer")
    other = Visitor(create_app(engine, ConsoleSettings()))
    other.client.set_cookie("signalbox", visitor.client.get_cookie("signalbox").value)
    assert other.get("/audit/").status_code == 200


def test_nothing_of_the_session_before_the_login_stays(app, engine, visitor):
    engine.people.add("ann", PASSWORD, "viewer")
    visitor.get("/login")
    planted = visitor.token
    with visitor.client.session_transaction() as session:
        session["planted"] = "by somebody else"
    visitor.log_in("ann")
    with visitor.client.session_transaction() as session:
        assert "planted" not in session
    assert visitor.client.post("/logout", data={"csrf_token": planted}).status_code == 400


def test_the_cookie_is_kept_from_scripts_and_other_sites(app, engine, visitor):
    engine.people.add("ann", PASSWORD, "viewer")
    cookie = visitor.log_in("ann").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_the_cookie_is_sent_over_tls_only_when_the_settings_say_so(engine):
    engine.people.add("ann", PASSWORD, "viewer")
    visitor = Visitor(create_app(engine, ConsoleSettings(secure_cookies=True)))
    answer = visitor.client.get("/login", base_url="https://localhost")
    assert "Secure" in answer.headers["Set-Cookie"]


# -- where a login leads --
@pytest.mark.parametrize("target", ["/audit/", "/queues/orders.acme/error?cursor=1", "/queues/a~2Fb"])
def test_a_path_of_this_console_is_a_safe_place_to_go_on(app, target):
    with app.test_request_context("/login"):
        assert safe_next(target) == target


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "audit",
        " /audit",
    ],
)
def test_any_other_place_is_replaced_by_the_overview(app, target):
    with app.test_request_context("/login"):
        assert safe_next(target) == "/"


def test_under_a_prefix_only_paths_below_it_are_safe(app):
    with app.test_request_context("/login", environ_overrides={"SCRIPT_NAME": "/box"}):
        assert safe_next("/box/audit/") == "/box/audit/"
        assert safe_next("/other") == "/box/"


# -- Redis away --
@pytest.mark.parametrize("path", ["/login", "/audit/", "/"])
def test_with_redis_away_from_the_start_pages_say_so(path):
    visitor = Visitor(create_app(Engine("unix:///nowhere/redis.sock"), ConsoleSettings()))
    answer = visitor.get(path)
    assert answer.status_code == 503
    assert "Redis does not answer" in answer.get_data(as_text=True)


def test_with_redis_away_from_the_start_a_login_says_so():
    visitor = Visitor(create_app(Engine("unix:///nowhere/redis.sock"), ConsoleSettings()))
    assert visitor.post("/login", {"name": "ann", "password": PASSWORD}).status_code == 503


def test_redis_going_away_later_is_told_and_the_session_goes_on_when_it_is_back(own_server):
    engine = Engine(own_server.url)
    engine.people.add("ann", PASSWORD, "viewer")
    visitor = Visitor(create_app(engine, ConsoleSettings()))
    visitor.log_in("ann")
    own_server.stop()
    assert visitor.get("/audit/").status_code == 503
    assert visitor.get("/login").status_code == 503
    own_server.start()
    assert visitor.get("/audit/").status_code == 200
    engine.close()
