"""The alerts on the page of settings, and their test."""

import json

import pytest

from console import create_app
from console.settings import ConsoleSettings
from queue_core.alert import CRITICAL, WARNING, Look, Sight
from queue_core.alert_conditions import Facts, Limits, look
from queue_core.alert_delivery import Answer, Receiver
from queue_core.duties import Duties
from queue_core.snapshot import QueueCounts
from tests.builders import HOSTILE_QUEUE
from tests.console import seed
from tests.console.conftest import logged_in
from tests.console.visitor import PASSWORD, Visitor

HOOK = Receiver("https://hooks.example.com/services/s3cret-token?key=hunter2")


@pytest.fixture
def admin(engine, app):
    return logged_in(engine, app, "ada", "admin")


def text(answer):
    return answer.get_data(as_text=True)


def section(visitor):
    return text(visitor.get("/settings/")).split('id="alerts"')[1].split("</section>")[0]


def sight(title="Tasks wait long in mail", severity=WARNING, path="/queues/?q=mail", **more):
    return Sight("queue:1", "waiting", severity, title, "3 tasks queued.", 3, path=path, **more)


def test_before_anybody_tells_alerts_the_page_says_how(viewer):
    found = section(viewer)
    assert "SIGNALBOX_ALERT_WEBHOOKS" in found and "<form" not in found and "<table" not in found


def test_what_is_open_stands_there_with_its_place(engine, viewer):
    engine.alerts.note(Look((sight(severity=CRITICAL),)))
    found = section(viewer)
    assert '<a href="/queues/?q=mail">Tasks wait long in mail</a>' in found
    assert "critical" in found and "3 tasks queued." in found


def test_when_nothing_is_wrong_the_page_says_so(engine, viewer):
    engine.alerts.note(Look())
    assert "No alert is open." in section(viewer)


def test_of_a_receiver_only_the_host_is_shown_and_how_it_goes(engine, viewer):
    (delivery,) = engine.alerts.enlist([HOOK]).values()
    engine.alerts.note(Look((sight(),)))
    assert "nothing yet" in section(viewer)
    answer = Answer(404, "nothing at /services/s3cret-token")
    engine.alerts.settle(delivery, engine.alerts.waiting(delivery), answer, answer.in_words(HOOK))
    found = section(viewer)
    assert "hooks.example.com" in found and "not delivered" in found and "answered 404" in found
    assert "s3cret" not in found and "hunter2" not in found


def test_an_admin_sends_a_test(engine, raw, admin, acts):
    engine.alerts.enlist([HOOK])
    engine.alerts.note(Look())
    assert "Send a test alert" in section(admin)
    answer = admin.post("/settings/alerts/test")
    assert answer.status_code == 303 and answer.location == "/settings/#alerts"
    assert "on its way to 1 receiver" in text(admin.get("/settings/"))
    ((_, fields),) = raw.xrange("t:x:alerts:events")
    assert json.loads(fields[b"event"])["event"] == "test"
    assert acts() == [("test_alert", "done")]


def test_where_nobody_tells_alerts_a_test_is_refused_and_says_why(engine, admin, acts):
    answer = admin.post("/settings/alerts/test")
    assert answer.status_code == 400 and "SIGNALBOX_ALERT_WEBHOOKS" in text(answer)
    assert acts() == [("test_alert", "failed")]


def test_nobody_else_sends_one(engine, raw, operator, viewer, app):
    engine.alerts.enlist([HOOK])
    engine.alerts.note(Look())
    assert "Send a test alert" not in section(operator)
    for visitor in (operator, viewer):
        assert visitor.post("/settings/alerts/test").status_code == 403
    anonymous = Visitor(app)
    anonymous.get("/login")
    assert anonymous.post("/settings/alerts/test").status_code == 401
    assert not raw.exists("t:x:alerts:events")


def test_a_read_only_console_sends_none(engine, raw):
    app = create_app(engine, ConsoleSettings(read_only=True))
    admin = logged_in(engine, app, "ada", "admin")
    engine.alerts.enlist([HOOK])
    engine.alerts.note(Look())
    assert admin.post("/settings/alerts/test").status_code == 403
    assert not raw.exists("t:x:alerts:events")


def test_what_this_console_hides_is_hidden_here_too(engine):
    engine.people.add("ann", PASSWORD, "viewer")
    visitor = Visitor(create_app(engine, ConsoleSettings(masked_pattern=r"customer \d+")))
    visitor.log_in("ann")
    engine.alerts.note(Look((sight("New errors: no address of customer 4711"),)))
    assert "4711" not in section(visitor) and "[hidden]" in section(visitor)


@pytest.mark.parametrize(
    "path", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:x", "x", "/\t/e"]
)
def test_an_alert_leads_nowhere_out_of_this_console(engine, viewer, path):
    engine.alerts.note(Look((sight(path=path),)))
    assert "<a href" not in section(viewer).split("<tbody>")[1].split("</tbody>")[0]


@pytest.mark.parametrize("key", ["alerts", "alerts:receivers", "alerts:look"])
def test_a_broken_key_is_unknown_and_the_rest_of_the_page_is_there(raw, viewer, key):
    raw.rpush(f"t:x:{key}", "of another type")
    answer = viewer.get("/settings/")
    assert answer.status_code == 200
    assert "Unknown" in section(viewer) and "Settings of the engine" in text(answer)


def test_hostile_records_are_text(engine, raw, viewer):
    markup = "<script>alert(1)</script>"
    (delivery,) = engine.alerts.enlist([HOOK]).values()
    engine.alerts.note(Look((sight(markup),)))
    record = raw.hget("t:x:alerts", "queue:1").replace(b"3 tasks queued.", markup.encode())
    raw.hset("t:x:alerts", "queue:1", record)
    engine.alerts.settle(delivery, engine.alerts.waiting(delivery), Answer(500), markup)
    assert "<script>alert" not in section(viewer)


def test_every_alert_leads_to_a_page_that_there_is(engine, viewer):
    seed.failed(engine, "mail", 2)
    engine.snapshot.take()
    list(Duties(engine).index_errors())
    now, groups = engine.store.now(), {one.id: one for one in engine.error_groups.summary().groups}
    counts = {name: QueueCounts(queued=1, oldest_queued_at=now - 5000) for name in ("mail", HOSTILE_QUEUE, "a b/c?d#e")}
    facts = Facts(now, counts, groups, {}, float("-inf"), [], [], [])
    sights = look(facts, Limits(900.0, 900.0)).sights
    assert {one.kind for one in sights} == {"waiting", "new_errors"} and len(sights) == 4
    for one in sights:
        assert viewer.get(one.path).status_code == 200, one.path


def test_what_is_unknown_is_never_said_to_be_well(engine, raw, viewer):
    engine.alerts.note(Look(unknown=frozenset({"errors", "queue:1"})))
    found = section(viewer)
    assert "Not seen: errors, some queues." in found and "No alert is open" not in found
    raw.set("t:x:alerts:look", json.dumps({"at": engine.store.now() - 300}))
    found = section(viewer)
    assert "The last look was" in found and "No alert is open" not in found
    engine.alerts.note(Look())
    raw.hset("t:x:alerts", "queue:1", "{}")
    found = section(viewer)
    assert "1 of the records cannot be read." in found and "No alert is open" not in found
