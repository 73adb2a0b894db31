"""Who gets in where: every route of the console, by every method, for everybody, against the table in routes.txt."""

import pytest
from werkzeug.routing import AnyConverter

from console.auth import API_PATH
from tests.console.routes import METHODS, PEOPLE, listed, routes_of
from tests.console.visitor import PASSWORD, Visitor

OPEN = {"/healthz", "/login"}
"""Views for anybody: a method that they do not take is 405 for anonymous visitors too."""

ENDS_SESSIONS = {"login.leave", "login.leave_everywhere"}


def path_of(app, rule, method):
    values = {argument: _some_value(rule._converters[argument]) for argument in rule.arguments}
    return app.url_map.bind("localhost").build(rule.endpoint, values, method=method)


def _some_value(converter):
    return min(converter.items) if isinstance(converter, AnyConverter) else "1"


@pytest.fixture
def visitor(app, engine):
    """Makes a browser with somebody, or nobody, logged in."""
    engine.people.add("somebody", PASSWORD, "viewer")

    def make(person):
        visitor = Visitor(app)
        if person == "anonymous":
            visitor.get("/login")
            return visitor
        if not engine.people.find(person):
            engine.people.add(person, PASSWORD, person)
        assert visitor.log_in(person).status_code == 303
        return visitor

    return make


def open_with(visitor, path, method):
    # with a name and a password, so that the login lets in too
    form = {"csrf_token": visitor.token, "name": "somebody", "password": PASSWORD}
    return visitor.client.open(path, method=method, data=form if method != "GET" else None)


def gets_in(answer, method) -> bool:
    sent_to_login = method == "GET" and answer.status_code == 303 and answer.location.startswith("/login")
    return answer.status_code not in (401, 403) and not sent_to_login


# -- the table --
def test_the_table_is_in_order_and_names_only_people_that_there_are():
    assert list(listed()) == sorted(listed(), key=lambda route: (route[1], route[0]))
    assert {person for who in listed().values() for person in who} <= set(PEOPLE)


@pytest.mark.parametrize("person", PEOPLE)
def test_exactly_those_get_in_whom_the_table_names(app, visitor, person):
    table, browser = listed(), visitor(person)
    found, expected = {}, {}
    for method, address, rule in routes_of(app):
        if (method, address) not in table:
            continue  # tests/test_docs.py says so
        answer = open_with(browser, path_of(app, rule, method), method)
        found[method, address] = gets_in(answer, method)
        expected[method, address] = person in table[method, address]
        assert answer.status_code < 500, f"{method} {address}: {answer.status}"
        if rule.endpoint in ENDS_SESSIONS or person == "anonymous":
            browser = visitor(person)
    wrong = [
        f"{method} {address}: {person} {'gets in' if found[method, address] else 'is refused'}"
        for method, address in found
        if found[method, address] != expected[method, address]
    ]
    assert not wrong, "\n".join(wrong)


def test_who_has_a_grant_on_another_queue_gets_in_where_a_viewer_does(app, engine):
    engine.people.add("gina", PASSWORD, "viewer")
    engine.people.grant("gina", "operator", "another")
    gina, table = Visitor(app), listed()
    assert gina.log_in("gina").status_code == 303
    wrong = []
    for method, address, rule in routes_of(app):
        if "queue" in rule.arguments and (method, address) in table:
            got_in = gets_in(open_with(gina, path_of(app, rule, method), method), method)
            wrong += [] if got_in == ("viewer" in table[method, address]) else [f"{method} {address}"]
    assert not wrong


def test_every_other_method_is_refused_to_everybody(app, visitor):
    taken = {}
    for method, _, rule in routes_of(app):
        path = path_of(app, rule, method)
        taken.setdefault(path, set()).add(method)
    anonymous, admin = visitor("anonymous"), visitor("admin")
    for path, methods in taken.items():
        if path.startswith(API_PATH):
            continue  # no session gets in there at all
        for method in METHODS - methods:
            assert not gets_in(open_with(anonymous, path, method), method) or "/static/" in path or path in OPEN, path
            assert open_with(admin, path, method).status_code == 405, f"{method} {path}"
