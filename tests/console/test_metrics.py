"""The page for Prometheus: its form, what is in it, and who may read it."""

import re

import pytest

from console import create_app
from console.exposition import COUNTER, GAUGE, Family, single, text
from console.settings import ConsoleSettings
from queue_core import Engine
from queue_core.errors import InvalidRequest, InvalidSettings
from queue_core.tally import Tally
from tests.builders import HOSTILE_QUEUE, World
from tests.console.visitor import Visitor

TOKEN = "a token that is long enough"
SAMPLE = re.compile(
    r'^[a-z_][a-z0-9_]*(\{[a-z_]+="(?:[^"\\\n]|\\\\|\\"|\\n)*"(?:,[a-z_]+="(?:[^"\\\n]|\\\\|\\"|\\n)*")*\})? '
    r"(?:[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?|[+-]Inf)$"
)


@pytest.fixture
def world(raw, engine):
    return World(raw, engine.store)


@pytest.fixture
def scrape(engine):
    """The page as a Prometheus with the token gets it."""
    client = create_app(engine, ConsoleSettings(metrics_token=TOKEN)).test_client()
    return lambda header=f"Bearer {TOKEN}": client.get("/metrics", headers={"Authorization": header})


def checked(page: str) -> dict[str, float]:
    """{sample: value} of a page, after a look at the rules of its format."""
    assert page.endswith("\n")
    kinds, samples = {}, {}
    for line in page.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in kinds and kind in (COUNTER, GAUGE)
            kinds[name] = kind
        elif not line.startswith("# HELP "):
            assert SAMPLE.match(line), line
            place, _, value = line.rpartition(" ")
            assert place not in samples and place.partition("{")[0] == list(kinds)[-1]
            samples[place] = float(value)
    assert all(name.endswith("_total") for name, kind in kinds.items() if kind == COUNTER)
    return samples


def test_it_tells_tasks_ages_runs_and_processes(engine, world, scrape):
    world.put("queued", "orders", "a", score=engine.store.now() - 100)
    world.put("error", "mail", "b")
    tally = Tally()
    tally.start("orders", "app:work", engine.store.now())
    tally.end("orders", "app:work", engine.store.now(), "failed")
    engine.stats.write(tally)
    engine.workers.register("w1", {"kind": "worker"})
    engine.snapshot.take()
    answer = scrape()
    assert answer.status_code == 200 and answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    found = checked(answer.get_data(as_text=True))
    assert found['signalbox_tasks{queue="orders",state="queued"}'] == 1
    assert found['signalbox_tasks{queue="mail",state="error"}'] == 1
    assert 99 < found['signalbox_oldest_queued_seconds{queue="orders"}'] < 200
    assert found['signalbox_runs_failed_total{queue="orders"}'] == 1
    assert found['signalbox_runs_succeeded_total{queue="orders"}'] == 0
    assert found['signalbox_processes{kind="worker"}'] == 1
    assert found["signalbox_redis_latency_seconds"] > 0


def test_of_queues_that_only_tasktiger_serves_it_tells_what_they_showed(engine, scrape):
    tally, now = Tally(), engine.store.now()
    tally.flow("legacy", now, ready=5, taken=3)
    tally.fail("legacy", now, 1.0)
    tally.start("ours", "app:work", now)
    engine.stats.write(tally)
    found = checked(scrape().get_data(as_text=True))
    assert found['signalbox_tasks_ready_at_least_total{queue="legacy"}'] == 5
    assert found['signalbox_tasks_taken_at_least_total{queue="legacy"}'] == 3
    assert found['signalbox_errors_total{queue="legacy"}'] == 1
    assert not [name for name in found if name.startswith("signalbox_runs") and "legacy" in name]
    assert 'signalbox_errors_total{queue="ours"}' not in found


def test_what_is_unknown_is_left_out(scrape, world, engine, raw):
    found = checked(scrape().get_data(as_text=True))
    assert not [name for name in found if name.startswith(("signalbox_tasks", "signalbox_error_index"))]
    world.put("queued")
    raw.set("t:error:orders", "foreign")
    engine.snapshot.take()
    found = checked(scrape().get_data(as_text=True))
    assert 'signalbox_tasks{queue="orders",state="error"}' not in found
    assert found['signalbox_tasks{queue="orders",state="queued"}'] == 1


@pytest.mark.parametrize("queue", [HOSTILE_QUEUE, 'a"} 1\nforged_total 7', "back\\slash\\", "\u2028\x85", ""])
def test_names_of_any_bytes_cannot_break_out_of_their_line(scrape, world, engine, queue):
    world.put("queued", queue)
    tally = Tally()
    tally.start(queue, "f", engine.store.now())
    engine.stats.write(tally)
    engine.snapshot.take()
    page = scrape().get_data(as_text=True)
    lines = [line for line in page.split("\n") if line and not line.startswith("#")]
    assert all(line.startswith("signalbox_") and SAMPLE.match(line) for line in lines)


def test_names_that_look_alike_do_not_make_one_series_twice():
    family = Family("a", GAUGE, "A.", (({"queue": "x\udcff"}, 1), ({"queue": "x\udcfe"}, 2)))
    assert text([family]).count("\na{") == 1


def test_numbers_are_written_as_the_format_wants_them():
    page = text([single("a", GAUGE, "A.", float("inf")), single("b", GAUGE, "B.", None), single("c", GAUGE, "C.", 0.5)])
    assert page == "# HELP a A.\n# TYPE a gauge\na +Inf\n# HELP c C.\n# TYPE c gauge\nc 0.5\n"


def test_beyond_a_thousand_queues_the_rest_stands_in_one_line(scrape, engine, raw):
    pipeline = raw.pipeline()
    for number in range(1100):
        pipeline.zadd(f"t:queued:q{number:05}", {"a": 1})
        pipeline.sadd("t:queued", f"q{number:05}")
    pipeline.execute()
    engine.snapshot.take()
    found = checked(scrape().get_data(as_text=True))
    assert found['signalbox_tasks{queue="(other queues)",state="queued"}'] == 100
    assert sum("state=" in name for name in found) == 4 * 1001


@pytest.mark.parametrize("key", ["t:x:stats:totals", "t:x:workers", "t:x:snapshot", "t:x:errors:summary"])
def test_a_broken_key_takes_its_own_numbers_away_and_no_more(scrape, raw, key):
    raw.sadd(key, "foreign") if key != "t:x:snapshot" else raw.set(key, b"\xff{")
    answer = scrape()
    assert answer.status_code == 200 and checked(answer.get_data(as_text=True))


# -- who may read it --


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \xff", TOKEN]
)
def test_without_the_token_nobody_reads_it(scrape, header):
    answer = scrape(header)
    assert answer.status_code == 401 and "signalbox_" not in answer.get_data(as_text=True)


def test_where_there_is_no_token_an_empty_one_does_not_open_it(app):
    for header in ("Bearer", "Bearer ", ""):
        assert app.test_client().get("/metrics", headers={"Authorization": header}).status_code == 401


def token_of(engine, role, user_role="viewer"):
    user = engine.people.add("paul", "a long enough password", user_role)
    return engine.people.tokens.create(user, "prometheus", role=role, made_by="paul")


@pytest.mark.parametrize("role", ["metrics", "viewer"])
def test_a_token_of_the_api_reads_it_and_its_use_is_noted(engine, app, role):
    token, text = token_of(engine, role)
    assert app.test_client().get("/metrics", headers={"Authorization": f"bearer {text}"}).status_code == 200
    assert engine.people.tokens.get(token.id).last_used_at


def test_a_token_for_metrics_opens_nothing_else(engine, app, acts):
    _, text = token_of(engine, "metrics", user_role="admin")
    client, header = app.test_client(), {"Authorization": f"Bearer {text}"}
    for address in ("/api/v1/me", "/api/v1/queues", "/api/v1/operations"):
        assert client.get(address, headers=header).status_code == 403
    assert client.post("/api/v1/queues/orders/pause", headers=header, json={"reason": "x"}).status_code == 403
    assert client.get("/", headers=header).status_code == 303
    assert {outcome for _, outcome in acts()} == {"refused"}


def test_a_token_that_was_revoked_does_not_read_it_and_guessing_is_slowed_down(engine, app):
    token, text = token_of(engine, "metrics")
    engine.people.tokens.revoke(token.id)
    statuses = [
        app.test_client().get("/metrics", headers={"Authorization": f"Bearer {text}"}).status_code for _ in range(5)
    ]
    assert statuses[0] == 401 and statuses[-1] == 429 and set(statuses) == {401, 429}


def test_a_token_for_metrics_is_of_no_single_queue(engine):
    user = engine.people.add("paul", "a long enough password", "admin")
    with pytest.raises(InvalidRequest):
        engine.people.tokens.create(user, "prometheus", role="metrics", queues=["orders"], made_by="paul")
    with pytest.raises(InvalidRequest):
        engine.people.set_role("paul", "metrics")


def test_a_user_who_is_logged_in_reads_it(viewer, app):
    assert viewer.get("/metrics").status_code == 200
    assert Visitor(app).get("/metrics").status_code == 401


def test_the_token_opens_nothing_else(engine):
    client = create_app(engine, ConsoleSettings(metrics_token=TOKEN)).test_client()
    assert client.get("/", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 303


def test_a_short_token_is_refused():
    with pytest.raises(InvalidSettings, match="metrics_token"):
        ConsoleSettings(metrics_token="short")


def test_while_redis_is_away_it_is_503():
    app = create_app(Engine("unix:///nowhere/redis.sock"), ConsoleSettings(metrics_token=TOKEN))
    assert app.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 503
