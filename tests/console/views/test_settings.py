"""The page of settings and health."""

import json

from console import create_app
from console.settings import ConsoleSettings
from queue_core.checkups import Finding
from tests.console import seed
from tests.console.visitor import PASSWORD, Visitor


def text(answer):
    return answer.get_data(as_text=True)


def test_the_page_tells_how_redis_is_and_who_looks_after_it(engine, operator):
    seed.failed(engine, "mail")
    engine.snapshot.take()
    page = text(operator.get("/settings/"))
    assert "off: a crash loses tasks" in page
    assert "none is alive" in page
    assert "no limit" in page
    assert "1 queue" in page
    engine.workers.hold("sweeper", "the-sweeper", 60)
    assert "the-sweeper" in text(operator.get("/settings/"))


def test_before_anything_was_counted_it_is_unknown(operator):
    page = text(operator.get("/settings/"))
    assert "<dt>Counts</dt><dd>unknown" in page
    assert "<dt>Error groups</dt><dd>unknown" in page


def test_every_setting_stands_there_and_no_secret(engine):
    settings = ConsoleSettings(page_size=20, integration_links='[["Logs", "https://logs/?key=hunter2"]]')
    engine.people.add("ann", PASSWORD, "viewer")
    visitor = Visitor(create_app(engine, settings))
    visitor.log_in("ann")
    page = text(visitor.get("/settings/"))
    assert "SIGNALBOX_CONSOLE_PAGE_SIZE" in page
    assert "SIGNALBOX_LEASE_SECONDS" in page
    assert "set, not shown" in page
    assert "hunter2" not in page


def test_what_each_page_costs_redis_is_counted(engine, operator):
    for _ in range(3):
        operator.get("/audit/")
    page = text(operator.get("/settings/"))
    row = page.split("<code>audit.<wbr>index</code>")[1].split("</tr>")[0]
    assert '<td class="num">3</td>' in row
    commands = int(page.split("<dt>This page</dt><dd>")[1].split()[0])
    assert 5 < commands < 200


def test_one_process_keeps_the_newest_requests_only(app, operator):
    for _ in range(3):
        operator.get("/audit/")
    kept = app.extensions["signalbox_budget"]
    assert kept.maxlen == 500
    assert [cost.page for cost in kept].count("audit.index") == 3


def look(engine):
    engine.checkups.keep(filter(None, engine.examine()), "w3")


def test_the_doctor_says_what_is_wrong_trouble_first(engine, raw, operator):
    raw.sadd("t:error", "ghost")
    look(engine)
    page = text(operator.get("/settings/findings"))
    found = page.split('<ul class="findings">')[1]
    assert found.index("finding-trouble") < found.index("finding-advice") < found.index("finding-fine")
    assert "ghost" in found
    assert "looked from w3" in page


def test_before_the_doctor_has_looked_the_page_says_how_to_let_him(operator):
    page = text(operator.get("/settings/findings"))
    assert "Unknown: the doctor has not looked" in page
    assert "signalbox doctor" in page


def test_what_a_broken_record_of_the_doctor_says_is_unknown(raw, operator):
    raw.set("t:x:checkup", '{"ended_at": 1e999, "host": "w", "findings": []}')
    assert "Unknown: the doctor has not looked" in text(operator.get("/settings/findings"))


def test_an_old_look_of_the_doctor_is_not_told_as_of_now(engine, raw, operator):
    engine.checkups.keep([Finding("trouble", "sick", "heal it")], "w3")
    kept = json.loads(raw.get("t:x:checkup"))
    raw.set("t:x:checkup", json.dumps(kept | {"ended_at": kept["ended_at"] - 72_000}))
    assert "The doctor found" not in text(operator.get("/"))
    page = text(operator.get("/settings/findings"))
    assert "how it is now is unknown" in page
    assert "sick" in page


def test_a_broken_key_of_the_doctor_costs_the_overview_nothing_else(raw, operator):
    raw.hset("t:x:checkup", "a", 1)
    assert operator.get("/").status_code == 200
    assert operator.get("/settings/findings").status_code == 200


def test_names_that_the_doctor_finds_are_text(engine, raw, operator):
    raw.sadd("t:error", "<script>x</script>")
    look(engine)
    page = text(operator.get("/settings/findings"))
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page


def test_troubles_stand_on_the_overview_too(engine, raw, operator):
    assert "The doctor found" not in text(operator.get("/"))
    engine.checkups.keep([Finding("trouble", "sick", "heal it"), Finding("advice", "tired", "rest")], "w3")
    page = text(operator.get("/"))
    assert "The doctor found 1 trouble" in page
    assert "heal it" in page
    assert "tired" not in page


def test_a_full_or_odd_redis_is_shown_as_it_is(engine, raw, operator):
    raw.set("t:x:audit", "no stream")
    raw.config_set("maxmemory-policy", "allkeys-lru")
    try:
        page = operator.get("/settings/")
    finally:
        raw.config_set("maxmemory-policy", "noeviction")
    assert page.status_code == 200
    assert "a full Redis throws tasks away" in text(page)


def test_who_is_not_logged_in_sees_nothing(app):
    for address in ("/settings/", "/settings/findings"):
        assert "/login" in app.test_client().get(address).location
