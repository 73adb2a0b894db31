"""Programs that repeat a request: nothing is done twice, and the answer is true."""

import os
import threading

import pytest

from console import create_app
from console.settings import ConsoleSettings
from queue_core import Actor, Engine, answers, crash_points
from queue_core.errors import StoreUnavailable
from tests.checker import assert_sound
from tests.console import seed
from tests.console.api.conftest import Program
from tests.console.visitor import PASSWORD

SOMEBODY = Actor("ann", "command line")


class Repeater(Program):
    """Sends each request under a key, and gives status, JSON and headers."""

    def ask(self, path, key, body=None):
        headers = self.headers | {"Idempotency-Key": key}
        answer = self.client.post(f"/api/v1{path}", headers=headers, json=body or {})
        assert answer.is_json, answer.get_data(as_text=True)
        return answer.status_code, answer.json, answer.headers


@pytest.fixture
def bot(app, text_of):
    return Repeater(app, text_of("operator", name="bot"))


@pytest.fixture
def lapse(monkeypatch):
    """From now on nobody's lease lasts."""
    return lambda: monkeypatch.setattr(answers, "LEASE_SECONDS", 0)


def refused(answer):
    return answer[0], answer[1]["error"]["code"]


def acts(engine, verb):
    return [entry for entry in engine.audit.page(verb=verb).entries if entry.outcome == "done"]


def test_a_repeated_request_gets_the_first_answer_and_nothing_is_done_twice(engine, bot, raw):
    seed.failed(engine, "mail", 3)
    path, body = "/queues/mail/operations", {"verb": "retry", "rate": 0.01}
    status, first, headers = bot.ask(path, "k1", body)
    assert status == 201 and "Idempotency-Replayed" not in headers
    for order in (body, {"rate": 0.01, "verb": "retry"}):
        status, again, headers = bot.ask(path, "k1", order)
        assert (status, again, headers["Idempotency-Replayed"]) == (201, first, "true")
        assert headers["Content-Type"] == "application/json"
    assert [one.id for one in engine.operations.newest()] == [first["id"]]
    assert len(acts(engine, "retry")) == 1
    assert_sound(raw)


def test_another_key_is_another_act_and_so_is_none(engine, bot):
    for key in ("k1", "k2"):
        assert bot.ask("/deploys", key, {"text": "v1"})[0] == 201
    for _ in range(2):
        assert bot.post("/deploys", text="v1")[0] == 201
    assert len(engine.error_groups.deploys()) == 4


def test_the_audit_trail_names_the_key(engine, bot):
    bot.ask("/deploys", "deploy-4711", {"text": "v1"})
    assert acts(engine, "deploy mark")[0].facts["request"] == "deploy-4711"
    bot.post("/deploys", text="v2")
    assert "request" not in acts(engine, "deploy mark")[0].facts


def test_a_refusal_by_the_act_is_its_answer_too(engine, bot):
    assert refused(bot.ask("/queues/mail/tasks/late/retry", "k1")) == (409, "task_not_found")
    assert refused(bot.ask("/queues/mail/operations", "k2", {"verb": "move", "to_queue": "mail"}))[0] == 400
    seed.failed(engine, "mail", 1)
    status, again, headers = bot.ask("/queues/mail/tasks/late/retry", "k1")
    assert refused((status, again)) == (409, "task_not_found") and headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    ("path", "body"),
    [("/queues/mail/pause", {"reason": "b"}), ("/queues/post/pause", {"reason": "a"}), ("/deploys", {})],
)
def test_a_key_that_was_sent_with_another_request_is_refused(engine, bot, path, body):
    assert bot.ask("/queues/mail/pause", "k1", {"reason": "a"})[0] == 200
    assert refused(bot.ask(path, "k1", body)) == (422, "key_reused")
    assert engine.control.pause_of("mail").reason == "a" and engine.control.pause_of("post") is None


def test_nobody_meets_the_key_of_another_token(engine, app, bot, text_of):
    (first, second) = seed.failed(engine, "mail", 2)
    other = Repeater(app, text_of("operator", name="other", user="bob"))
    same_user = Repeater(app, text_of("operator", name="third"))
    assert bot.ask(f"/queues/mail/tasks/{first}/retry", "k1")[0] == 200
    assert other.ask(f"/queues/mail/tasks/{second}/retry", "k1")[0] == 200
    assert refused(same_user.ask(f"/queues/mail/tasks/{first}/retry", "k1")) == (409, "task_not_found")


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "käse", "a\tb", "\x7f"])
def test_a_key_that_cannot_be_one_is_refused(engine, bot, key):
    assert refused(bot.ask("/deploys", key, {"text": "v1"})) == (400, "invalid_request")
    assert engine.error_groups.deploys() == []


@pytest.mark.parametrize("key", ["!", "~" * 200, '"quoted"', "<script>", "../..", "${x}", "%00", "\\x00", "t:x:users"])
def test_odd_keys_are_keys(engine, bot, raw, key):
    for _ in range(2):
        assert bot.ask("/deploys", key, {"text": "v1"})[0] == 201
    assert len(engine.error_groups.deploys()) == 1
    assert_sound(raw)


def test_a_key_on_what_only_looks_is_left_alone(bot, raw):
    answer = bot.client.get("/api/v1/me", headers=bot.headers | {"Idempotency-Key": "a b"})
    assert answer.status_code == 200 and not raw.keys("t:x:answer*")


def test_a_request_that_cannot_be_read_uses_no_key_up(engine, bot):
    assert bot.ask("/queues/mail/pause", "k1", {"reson": "typo"})[0] == 400
    assert bot.ask("/queues/mail/pause", "k1", {"reason": "right"})[0] == 200


def test_whoever_was_not_allowed_may_try_again_with_the_same_key(engine, app, text_of):
    bot = Repeater(app, text_of("operator", queues=["post"]))
    seed.failed(engine, "post", 1)
    body = {"verb": "move", "to_queue": "mail"}
    assert refused(bot.ask("/queues/post/operations", "k1", body)) == (403, "forbidden")
    assert bot.ask("/queues/post/operations", "k1", body | {"to_queue": "post.eu"})[0] == 201


def test_at_the_same_time_it_is_done_once(engine, app, bot):
    seed.failed(engine, "mail", 3)
    gate, found = threading.Barrier(6), []

    def ask():
        mine = Repeater(app, bot.headers["Authorization"].partition(" ")[2])
        gate.wait()
        found.append(mine.ask("/queues/mail/operations", "k1", {"verb": "retry", "rate": 0.01}))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (operation,) = engine.operations.newest()
    assert {one[1]["id"] for one in found if one[0] == 201} == {operation.id}
    for status, body, headers in found:
        assert status == 201 or refused((status, body)) == (409, "request_running")
        assert status == 201 or 0 < int(headers["Retry-After"]) <= answers.LEASE_SECONDS


# -- what nobody knows the end of --
def breaking(engine, monkeypatch, *, before):
    """The next retry of a task loses its connection before it was done, or after."""
    really = engine.control.retry

    def retry(*args, **options):
        monkeypatch.setattr(engine.control, "retry", really)
        if not before:
            really(*args, **options)
        raise StoreUnavailable

    monkeypatch.setattr(engine.control, "retry", retry)


def test_what_was_done_and_not_answered_is_not_done_again_and_that_is_said(engine, bot, monkeypatch, lapse):
    (task_id,) = seed.failed(engine, "mail")
    path = f"/queues/mail/tasks/{task_id}/retry"
    breaking(engine, monkeypatch, before=False)
    assert refused(bot.ask(path, "k1")) == (503, "store_unavailable")
    assert refused(bot.ask(path, "k1")) == (409, "request_running")
    lapse()
    status, body, _ = bot.ask(path, "k1")
    assert refused((status, body)) == (409, "answer_lost") and "It was done at 20" in body["error"]["message"]
    status, again, headers = bot.ask(path, "k1")
    assert (status, again, headers["Idempotency-Replayed"]) == (409, body, "true")
    assert len(acts(engine, "retry")) == 1


def test_what_was_not_done_is_done_when_it_is_repeated(engine, bot, monkeypatch, lapse):
    (task_id,) = seed.failed(engine, "mail")
    path = f"/queues/mail/tasks/{task_id}/retry"
    breaking(engine, monkeypatch, before=True)
    assert bot.ask(path, "k1")[0] == 503
    lapse()
    assert bot.ask(path, "k1")[0] == 200
    assert engine.browse.states("mail", task_id) == ["queued"] and len(acts(engine, "retry")) == 1


def test_the_same_act_by_others_is_not_taken_for_it(engine, app, bot, text_of, monkeypatch, lapse):
    first, second, third = seed.failed(engine, "mail", 3)
    breaking(engine, monkeypatch, before=True)
    assert bot.ask(f"/queues/mail/tasks/{first}/retry", "k1")[0] == 503
    assert bot.ask(f"/queues/mail/tasks/{second}/retry", "k2")[0] == 200
    other = Repeater(app, text_of("operator", name="other"))
    assert other.ask(f"/queues/mail/tasks/{third}/retry", "k1")[0] == 200
    lapse()
    assert bot.ask(f"/queues/mail/tasks/{first}/retry", "k1")[0] == 200


@pytest.mark.parametrize(
    ("point", "expected"), [("before:start_operation", 201), ("after:start_operation", 409), ("after:retry", 409)]
)
def test_a_console_that_is_killed_in_the_middle_blocks_no_key(engine, redis_url, bot, lapse, raw, point, expected):
    seed.failed(engine, "mail", 3)
    ask = "/queues/mail/operations", "k1", {"verb": "retry"}
    text = bot.headers["Authorization"].partition(" ")[2]
    child = os.fork()
    if not child:
        try:
            mine = Repeater(create_app(Engine(redis_url), ConsoleSettings()), text)
            crash_points.arm(point)
            mine.ask(*ask)
        finally:
            os._exit(1)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    assert refused(bot.ask(*ask)) == (409, "request_running")
    lapse()
    status, body, _ = bot.ask(*ask)
    (operation,) = engine.operations.newest()
    assert status == expected
    assert operation.id in (body["id"] if status == 201 else body["error"]["message"])
    assert len(acts(engine, "retry")) == 1
    assert_sound(raw)


def test_where_the_trail_cannot_tell_the_answer_says_so(engine, bot, raw, monkeypatch, lapse):
    (task_id,) = seed.failed(engine, "mail")
    path = f"/queues/mail/tasks/{task_id}/retry"
    breaking(engine, monkeypatch, before=True)
    bot.ask(path, "k1")
    engine.control.pause("post", actor=SOMEBODY, reason="an act that came later")
    (key,) = raw.keys("t:x:answer:*")
    raw.hset(key, "begun_at", "1000")
    monkeypatch.setattr(engine.store, "settings", engine.settings.unchecked(max_audit_entries=1))
    lapse()
    assert refused(bot.ask(path, "k1")) == (409, "outcome_unknown")
    assert engine.browse.states("mail", task_id) == ["error"]


def test_an_answer_that_was_too_large_is_said_to_be_lost(engine, bot, monkeypatch):
    monkeypatch.setattr(answers, "MOST_BYTES", 10)
    assert bot.ask("/deploys", "k1", {"text": "v1"})[0] == 201
    assert refused(bot.ask("/deploys", "k1", {"text": "v1"})) == (409, "answer_lost")
    assert len(engine.error_groups.deploys()) == 1


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(engine, bot, monkeypatch, lapse):
    def away(*_):
        raise StoreUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(engine.answers, "keep", away)
        assert bot.ask("/deploys", "k1", {"text": "v1"})[0] == 201
    lapse()
    assert refused(bot.ask("/deploys", "k1", {"text": "v1"})) == (409, "answer_lost")
    assert len(engine.error_groups.deploys()) == 1


def test_while_redis_is_away_nothing_is_done_and_the_key_works_when_it_is_back(own_server):
    engine = Engine(own_server.url)
    owner = engine.people.add("ann", PASSWORD, "operator")
    text = engine.people.tokens.create(owner, "b", role="operator", made_by="")[1]
    bot = Repeater(create_app(engine, ConsoleSettings()), text)
    own_server.stop()
    assert refused(bot.ask("/deploys", "k1")) == (503, "store_unavailable")
    own_server.start()
    assert bot.ask("/deploys", "k1")[0] == bot.ask("/deploys", "k1")[0] == 201
    assert len(engine.error_groups.deploys()) == 1
    engine.close()


def test_while_redis_is_full_a_key_cannot_be_promised(own_server):
    engine = Engine(own_server.url)
    owner = engine.people.add("ann", PASSWORD, "operator")
    text = engine.people.tokens.create(owner, "b", role="operator", made_by="")[1]
    bot = Repeater(create_app(engine, ConsoleSettings()), text)
    engine.store.client.config_set("maxmemory", "1")
    assert refused(bot.ask("/deploys", "k1")) == (503, "store_full")
    engine.close()


def test_a_read_only_console_writes_no_key_down(engine, raw, text_of):
    bot = Repeater(create_app(engine, ConsoleSettings(read_only=True)), text_of("admin"))
    assert refused(bot.ask("/deploys", "k1")) == (403, "forbidden")
    assert not raw.keys("t:x:answer*")


def test_what_redis_holds_under_a_key_breaks_no_answer(bot, raw):
    bot.ask("/deploys", "k1", {"text": "v1"})
    (key,) = raw.keys("t:x:answer:*")
    raw.hset(key, "body", b"\xff\xfe")
    answer = bot.client.post("/api/v1/deploys", headers=bot.headers | {"Idempotency-Key": "k1"}, json={"text": "v1"})
    assert (answer.status_code, answer.data) == (201, b"\xff\xfe")
    raw.delete(key)
    raw.set(key, "x")
    assert refused(bot.ask("/deploys", "k1", {"text": "v1"})) == (503, "store_corrupt")


def test_the_description_tells_of_the_key_on_every_act(bot):
    _, document = bot.get("/openapi.json")
    for each in document["paths"].values():
        for method, operation in each.items():
            named = [one["name"] for one in operation["parameters"] if one["in"] == "header"]
            assert named == (["Idempotency-Key"] if method == "post" else [])
            assert ("422" in operation["responses"]) == (method == "post")
