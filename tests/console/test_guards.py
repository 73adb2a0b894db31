"""CSRF tokens, headers, sizes and proxies."""

import pytest
from flask import request

from console import create_app
from console.guards import CONTENT_SECURITY_POLICY
from console.settings import ConsoleSettings
from tests.console.visitor import PASSWORD, Visitor


@pytest.fixture
def ann(engine):
    return engine.people.add("ann", PASSWORD, "admin")


@pytest.fixture
def visitor(engine, ann):
    visitor = Visitor(create_app(engine, ConsoleSettings()))
    visitor.log_in("ann")
    return visitor


# -- CSRF --
def test_a_form_without_a_token_is_refused_with_a_page_that_says_what_to_do(visitor):
    answer = visitor.client.post("/logout")
    assert answer.status_code == 400
    assert "opened before the last login. Nothing was changed; try again." in answer.get_data(as_text=True)
    assert visitor.get("/audit/").status_code == 200


def test_a_token_of_another_session_is_refused(visitor, engine):
    other = Visitor(create_app(engine, ConsoleSettings()))
    other.log_in("ann")
    assert visitor.client.post("/logout", data={"csrf_token": other.token}).status_code == 400


def test_a_token_may_come_in_the_header(visitor):
    answer = visitor.client.post("/logout", headers={"X-CSRFToken": visitor.token})
    assert answer.status_code == 303


def test_the_login_form_needs_a_token_too(engine, ann):
    visitor = Visitor(create_app(engine, ConsoleSettings()))
    visitor.get("/login")
    answer = visitor.client.post("/login", data={"name": "ann", "password": PASSWORD})
    assert answer.status_code == 400


def test_over_tls_a_form_from_another_site_is_refused(visitor):
    for referrer, status in (("https://evil.example/", 400), ("https://localhost/", 303)):
        answer = visitor.client.post(
            "/logout",
            data={"csrf_token": visitor.token},
            base_url="https://localhost",
            headers={"Referer": referrer},
        )
        assert answer.status_code == status


# -- headers --
@pytest.mark.parametrize("path", ["/login", "/audit/", "/healthz", "/no/such/page", "/static/css/none.css"])
def test_every_answer_carries_the_strict_policy(visitor, path):
    headers = visitor.get(path).headers
    assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


def test_the_policy_allows_nothing_inline():
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none'")


@pytest.mark.parametrize("path", ["/login", "/audit/"])
def test_pages_are_not_kept_by_browsers_and_proxies(visitor, path):
    assert visitor.get(path).headers["Cache-Control"] == "no-store"


# -- sizes --
def test_a_request_that_is_too_large_is_refused(engine, ann):
    visitor = Visitor(create_app(engine, ConsoleSettings(max_request_bytes=2000)))
    visitor.log_in("ann")
    assert visitor.post("/logout", {"filler": "x" * 3000}).status_code == 413


# -- proxies --
def what_the_app_sees(engine, settings, headers):
    app = create_app(engine, settings)
    seen = {}
    app.before_request_funcs.setdefault(None, []).insert(
        0, lambda: seen.update(address=request.remote_addr, scheme=request.scheme, root=request.script_root)
    )
    app.test_client().get("/login", headers=headers)
    return seen


FORWARDED = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/box"}


def test_what_a_proxy_says_is_not_believed_unless_asked_for(engine):
    seen = what_the_app_sees(engine, ConsoleSettings(), FORWARDED)
    assert seen == {"address": "127.0.0.1", "scheme": "http", "root": ""}


def test_what_a_trusted_proxy_says_is_believed(engine):
    seen = what_the_app_sees(engine, ConsoleSettings(trusted_proxies=1), FORWARDED)
    assert seen == {"address": "203.0.113.9", "scheme": "https", "root": "/box"}
