"""No page shows a secret, whoever looks; revealing it is an admin's act."""

import pytest

from console import create_app
from console.settings import ConsoleSettings
from tests.console import seed
from tests.console.conftest import logged_in
from tests.console.visitor import PASSWORD, Visitor

SECRETS = ("hunter2", "correct horse", "4111111111111111", "s3cr3t")
TRACEBACK = """Traceback (most recent call last):
  File "/srv/shop/login.py", line 8, in enter
    connect("db", password="hunter2")
shop.errors:GatewayDown: token=s3cr3t refused
"""


def text(answer):
    return answer.get_data(as_text=True)


@pytest.fixture
def task_id(engine):
    kwargs = {"db_password": "correct horse", "order": 7, "deep": [{"note": "card 4111111111111111"}]}
    (task_id,) = seed.failed(engine, "mail", traceback=TRACEBACK, kwargs=kwargs)
    engine.snapshot.take()
    return task_id


@pytest.fixture
def admin(engine, app):
    return logged_in(engine, app, "ada", "admin")


def leaks(page):
    return [secret for secret in SECRETS if secret in page]


@pytest.mark.parametrize(
    "address", ["/errors/tasks", "/queues/mail/error", "/queues/mail/tasks/{}", "/queues/mail/tasks/{}?whole=yes"]
)
def test_no_page_shows_a_secret_to_anybody(admin, task_id, address):
    page = text(admin.get(address.format(task_id)))
    assert "[hidden]" in page
    assert leaks(page) == []


def test_the_text_filter_does_not_find_what_is_hidden(operator, task_id):
    assert "Nothing that was searched matches" in text(operator.get("/errors/tasks?q=s3cr3t"))
    assert task_id[:12] in text(operator.get("/errors/tasks?q=refused"))


def test_a_payload_that_is_too_large_to_read_hides_its_secrets(engine, raw, operator, task_id):
    raw.set(f"t:task:{task_id}", b'{"kwargs": {"password": "hunter2"}, "x": "' + b"y" * 2_000_000)
    for address in (f"/queues/mail/tasks/{task_id}", "/queues/mail/error"):
        assert leaks(text(operator.get(address))) == []


def test_an_admin_reveals_them_once_and_it_is_recorded(engine, admin, task_id, acts):
    assert "Reveal them once" in text(admin.get(f"/queues/mail/tasks/{task_id}"))
    answer = admin.post(f"/queues/mail/tasks/{task_id}/reveal", {"reason": "case 12"})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert leaks(text(answer).replace("&#34;", '"')) == list(SECRETS)
    assert f'name="back" value="/queues/mail/tasks/{task_id}"' in text(answer)
    assert "/reveal" not in text(answer).replace("#reveal", "")
    entry = engine.audit.page(verb="reveal").entries[0]
    assert (entry.actor, entry.task_id, entry.reason, entry.outcome) == ("ada", task_id, "case 12", "done")
    assert leaks(text(admin.get(f"/queues/mail/tasks/{task_id}"))) == []


@pytest.mark.parametrize("role", ["operator", "viewer"])
def test_others_are_refused_and_it_is_recorded(engine, request, task_id, acts, role):
    visitor = request.getfixturevalue(role)
    assert "Who has the role admin may reveal them" in text(visitor.get(f"/queues/mail/tasks/{task_id}"))
    answer = visitor.post(f"/queues/mail/tasks/{task_id}/reveal")
    assert answer.status_code == 403
    assert leaks(text(answer)) == []
    assert acts() == [("reveal", "refused")]


def test_nothing_of_a_task_that_has_gone_is_revealed(admin, task_id, acts):
    admin.get("/")
    assert admin.post("/queues/mail/tasks/gone/reveal").status_code == 409
    assert acts() == [("reveal", "failed")]


def test_revealing_is_never_a_look(admin, task_id):
    assert admin.get(f"/queues/mail/tasks/{task_id}/reveal").status_code == 405


def test_a_full_redis_that_cannot_record_it_reveals_nothing(raw, admin, task_id):
    admin.get(f"/queues/mail/tasks/{task_id}")
    raw.config_set("maxmemory", 1)
    try:
        answer = admin.post(f"/queues/mail/tasks/{task_id}/reveal")
    finally:
        raw.config_set("maxmemory", 0)
    assert answer.status_code == 503
    assert leaks(text(answer)) == []


def test_a_read_only_console_reveals_nothing(engine, task_id, acts):
    engine.people.add("ann", PASSWORD, "admin")
    visitor = Visitor(create_app(engine, ConsoleSettings(read_only=True)))
    visitor.log_in("ann")
    assert visitor.post(f"/queues/mail/tasks/{task_id}/reveal").status_code == 403
    assert acts() == [("reveal", "refused")]


def test_a_task_without_secrets_says_nothing_of_them(engine, operator):
    (task_id,) = seed.failed(engine, "mail")
    page = text(operator.get(f"/queues/mail/tasks/{task_id}"))
    assert "[hidden]" not in page and "eveal" not in page


def test_settings_hide_more_and_less(engine, task_id):
    engine.people.add("ann", PASSWORD, "viewer")
    settings = ConsoleSettings(masked_names="order", shown_names="db_password", masked_pattern="GatewayDown")
    visitor = Visitor(create_app(engine, settings))
    visitor.log_in("ann")
    page = text(visitor.get(f"/queues/mail/tasks/{task_id}")).replace("&#34;", '"')
    assert '"order": "[hidden]"' in page
    assert '"db_password": "correct horse"' in page
