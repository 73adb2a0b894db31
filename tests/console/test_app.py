"""What holds for every page."""

import re

import pytest

from console import create_app
from console.settings import ConsoleSettings
from queue_core import Actor, Engine, Settings
from queue_core.duties import Duties
from tests.builders import World
from tests.console import seed
from tests.console.visitor import PASSWORD, Visitor

HOSTILE = "<script>alert(1)</script>\"'\udcff\u202e/../{{7*7}}"
SOMEBODY = Actor("ann", "command line")


@pytest.fixture
def addresses(engine):
    """Every page, on queues and tasks whose names and arguments were chosen to hurt."""
    (task_id,) = seed.failed(engine, "mail", args=[HOSTILE], exception_name=HOSTILE, traceback=HOSTILE)
    raw, keys = engine.store.client, engine.store.keys
    raw.sadd(keys.names("error"), HOSTILE.encode("utf-8", "surrogateescape"))
    raw.zadd(keys.state("error", HOSTILE), {HOSTILE.encode("utf-8", "surrogateescape"): 1e300})
    seed.queued(engine, "mail", 3)
    engine.control.pause("mail", actor=SOMEBODY, reason=HOSTILE)
    operation = engine.operations.start("retry", "mail", "error", actor=SOMEBODY, reason=HOSTILE)
    engine.workers.register("w1", {"kind": "worker", "host": HOSTILE, "running": [{"id": HOSTILE, "queue": HOSTILE}]})
    engine.snapshot.take()
    list(Duties(engine).index_errors())
    groups = [f"/errors/groups/{group.id}" for group in engine.error_groups.summary().groups]
    name = "~3Cscript~3Ealert~281~29~3C~2Fscript~3E~22~27~FF~E2~80~AE~2F..~2F~7B~7B7~2A7~7D~7D"
    return [
        "/", "/live", "/status", "/errors/", "/errors/?q=%3Cscript%3E", "/audit/", "/workers/", "/operations/",
        f"/operations/{operation.id}", f"/operations/{operation.id}/progress", f"/queues/mail/tasks/{task_id}",
        "/queues/mail/error", "/queues/mail/queued", "/queues/mail/scheduled", "/queues/mail/active",
        "/queues/mail/error/live", "/queues/mail/all/retry", "/queues/mail/all/purge", "/queues/mail/all/clear/queued",
        "/queues/mail/all/clear/scheduled", f"/queues/{name}/error", f"/queues/{name}/tasks/{name}", "/nothing/here",
        "/errors/tasks", "/errors/tasks?q=%3Cscript%3E", *groups, *[f"{group}/purge" for group in groups],
    ]  # fmt: skip


def test_what_redis_holds_is_never_markup(addresses, operator):
    for address in addresses:
        page = operator.get(address).get_data(as_text=True)
        assert "<script>alert" not in page, address
        assert "\u202e" not in page, address


def test_no_page_holds_inline_script_style_or_handlers(addresses, operator):
    for address in addresses:
        page = operator.get(address).get_data(as_text=True)
        assert not re.search(r"<script(?![^>]*\bsrc=)", page), address
        assert "<style" not in page, address
        assert not re.search(r"<[^>]*\s(style|on\w+)=", page), address


def test_every_page_of_a_hostile_redis_answers(addresses, operator):
    statuses = {address: operator.get(address).status_code for address in addresses}
    assert statuses.pop("/nothing/here") == 404
    assert set(statuses.values()) == {200}, statuses


def test_the_console_works_under_a_prefix(engine, app, addresses):
    engine.people.add("ann", PASSWORD, "operator")
    visitor = Visitor(app, SCRIPT_NAME="/ops")
    visitor.log_in("ann")
    for address in addresses:
        page = visitor.get(address).get_data(as_text=True)
        links = re.findall(r'\b(?:href|src|action|formaction|hx-get|hx-post)="([^"#]+)', page)
        assert all(link.startswith("/ops/") for link in links), (address, links)


def test_redis_away_is_a_page_of_its_own_and_a_notice_for_htmx(own_server):
    engine = Engine(own_server.url, Settings(redis_timeout_seconds=0.5))
    engine.people.add("ann", PASSWORD, "operator")
    visitor = Visitor(create_app(engine, ConsoleSettings()))
    visitor.log_in("ann")
    own_server.stop()
    page = visitor.get("/")
    assert page.status_code == 503
    assert "Redis does not answer" in page.get_data(as_text=True)
    assert page.headers["Retry-After"]
    notice = visitor.get("/live", headers={"HX-Request": "true"})
    assert notice.status_code == 503
    assert notice.headers["HX-Retarget"] == "#notices"
    assert "<html" not in notice.get_data(as_text=True)
    assert "Nothing was changed" in visitor.post("/queues/mail/resume").get_data(as_text=True)
    engine.close()


def test_a_fragment_that_has_not_changed_is_not_sent_again(engine, operator):
    seed.queued(engine, "mail")
    first = operator.get("/queues/mail/queued/live?since=1")
    again = operator.get("/queues/mail/queued/live?since=1", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")


def test_no_sweeper_is_told_on_every_page_until_there_is_one(engine, operator):
    assert "No sweeper is alive" in operator.get("/workers/").get_data(as_text=True)
    assert engine.workers.hold("sweeper", "token", 30)
    assert "No sweeper is alive" not in operator.get("/workers/").get_data(as_text=True)


def test_beside_an_observer_no_sweeper_is_told_when_something_is_overdue(raw, engine, operator):
    assert engine.workers.hold("observer", "token", 30)
    engine.snapshot.take()
    assert "No sweeper is alive" not in operator.get("/workers/").get_data(as_text=True)
    World(raw, engine.store).put("scheduled", "mail", score=engine.store.now() - 100)
    engine.snapshot.take()
    assert "No sweeper is alive" in operator.get("/workers/").get_data(as_text=True)


def test_beside_an_observer_no_sweeper_is_told_where_a_worker_of_ours_has_left_something(engine, operator):
    assert engine.workers.hold("observer", "token", 30)
    seed.active(engine, "mail")
    engine.snapshot.take()
    assert "No sweeper is alive" in operator.get("/workers/").get_data(as_text=True)


def test_a_pause_is_told_on_every_page(engine, operator):
    engine.control.pause("mail", actor=SOMEBODY, reason="gateway is down")
    page = " ".join(operator.get("/audit/").get_data(as_text=True).split())
    assert "is paused by ann until resumed" in page
    assert "gateway is down" in page


def test_the_environment_is_named_on_every_page(engine):
    engine.people.add("ann", PASSWORD, "viewer")
    visitor = Visitor(create_app(engine, ConsoleSettings(environment="staging", environment_colour="amber")))
    visitor.log_in("ann")
    assert "environment-amber" in visitor.get("/audit/").get_data(as_text=True)


def test_a_fault_of_the_console_is_a_page_without_its_details(app, operator, monkeypatch):
    monkeypatch.setitem(app.view_functions, "audit.index", lambda: 1 / 0)
    page = operator.get("/audit/")
    assert page.status_code == 500
    assert "ZeroDivisionError" not in page.get_data(as_text=True)
