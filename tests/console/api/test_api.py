"""The API as programs use it: what it tells, what it does, and the one shape of its errors."""

import re

import pytest

from console import create_app
from console.api import ROUTES
from console.api.shapes import SHAPES
from console.settings import ConsoleSettings
from queue_core import Actor, Engine, shown
from queue_core.duties import Duties
from queue_core.text import to_bytes
from tests.builders import HOSTILE_ID, HOSTILE_QUEUE
from tests.console import seed
from tests.console.api.conftest import Program
from tests.console.visitor import PASSWORD, Visitor

SOMEBODY = Actor("ann", "command line")


def code(answer):
    status, body = answer
    assert body.keys() == {"error"} and body["error"].keys() == {"code", "message"} and body["error"]["message"]
    return status, body["error"]["code"]


def assert_shaped(name, value):
    """Every object has the properties that its shape names, and those below it too."""
    assert value.keys() == SHAPES[name].keys(), name
    for key, schema in SHAPES[name].items():
        _assert_schema(value[key], schema, f"{name}.{key}")


def _assert_schema(value, schema, place):
    if "$ref" in schema:
        assert_shaped(schema["$ref"].rpartition("/")[2], value)
    elif "anyOf" in schema:
        if value is not None:
            _assert_schema(value, schema["anyOf"][0], place)
    elif "type" in schema:
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        assert any(isinstance(value, _KINDS[kind]) for kind in kinds), (place, value)
        for one in value if "items" in schema and value else ():
            _assert_schema(one, schema["items"], place)


_KINDS = {
    "string": str, "number": (int, float), "integer": int, "boolean": bool, "object": dict, "array": list,
    "null": type(None),
}  # fmt: skip


# -- every route --
def test_every_answer_has_the_shape_that_the_description_gives(engine, program):
    bot = program("operator")
    one, two, three, four = seed.failed(engine, "mail", 4)
    (later,) = seed.queued(engine, "mail")
    engine.snapshot.take()
    list(Duties(engine).index_errors())
    engine.workers.beat("w", {"kind": "worker"})
    engine.control.pause("mail", actor=SOMEBODY, reason="test", until=engine.clock.now() + 60)
    engine.error_groups.mark_deploy("v1", actor=SOMEBODY)
    (group,) = engine.error_groups.summary().groups
    purged = engine.operations.run_small(
        engine.operations.start("delete", "mail", "error", actor=SOMEBODY, task_ids=[four])
    )
    running = engine.operations.start("retry", "mail", "error", actor=SOMEBODY, rate=0.01)
    place = {"queue": "mail", "task_id": one, "group_id": group.id, "operation_id": running.id}
    place["search_id"] = engine.background.start("charge", actor=SOMEBODY).id
    others = {"delete": two, "cancel": later, "reschedule": three, "move": one}
    bodies = {
        "reschedule": {"in_seconds": 60},
        "move": {"to_queue": "post", "state": "queued"},
        "pause": {"reason": "deploy"},
        "start_operation": {"verb": "retry"},
        "start_search": {"query": "refused"},
        "change_rate": {"rate": 5},
    }
    last = ["cancel_operation"]
    for route in sorted(ROUTES, key=lambda route: (route.name in last, route.method)):
        values = place | ({"task_id": others[route.name]} if route.name in others else {})
        values |= {"operation_id": purged.id} if route.name == "undo_operation" else {}
        path = route.template.format(**values)
        query = {"query_string": {"state": "error"}} if route.name == "tasks" else {}
        if route.method == "POST":
            query = {"json": bodies.get(route.name, {})}
        status, body = bot.open(route.method, path, **query)
        assert status == route.status, (route.name, body)
        assert_shaped(route.gives, body)


def test_every_route_is_in_the_description_and_the_other_way_round(app, program):
    _, document = program("viewer").get("/openapi.json")
    described = {(method.upper(), path) for path, each in document["paths"].items() for method in each}
    served = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix("/api/v1")))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert described == served


def test_the_description_is_openapi(program):
    _, document = program("viewer").get("/openapi.json")
    assert document["openapi"].startswith("3.1.") and document["info"].keys() >= {"title", "version"}
    assert document["servers"] == [{"url": "/api/v1"}]
    schemas, names = document["components"]["schemas"], []
    assert not [ref for ref in _refs(document) if ref.rpartition("/")[2] not in schemas]
    for path, each in document["paths"].items():
        for operation in each.values():
            names.append(operation["operationId"])
            in_path = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
            assert in_path == set(re.findall(r"\{(\w+)\}", path))
            assert all(one["required"] for one in operation["parameters"] if one["in"] == "path")
            assert all(set(answer) == {"description", "content"} for answer in operation["responses"].values())
            assert operation["responses"].keys() >= {"401", "403"}
    assert len(set(names)) == len(names)


def _refs(value):
    if isinstance(value, dict):
        yield from [value["$ref"]] if "$ref" in value else []
        value = list(value.values())
    for one in value if isinstance(value, list) else ():
        yield from _refs(one)


# -- who gets in --
@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Bearer x", "Basic YTpi", "Bearer sbx_0123456789ab_" + "a" * 43]
)
def test_without_a_token_that_is_known_nobody_gets_in(app, header):
    answer = app.test_client().get("/api/v1/queues", headers={"Authorization": header} if header is not None else {})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.json["error"]["code"] == "unauthorized"


def test_every_route_asks_for_a_token_before_all_else(app):
    client = app.test_client()
    for route in ROUTES:
        path = "/api/v1" + re.sub(r"<(?:\w+:)?(\w+)>", "1", route.path)
        assert client.open(path, method=route.method).status_code == 401, path
    assert client.get("/api/v1/no/such").status_code == client.get("/api/").status_code == 401


def test_a_session_of_the_browser_is_no_token_and_a_token_is_no_session(app, engine, text_of):
    engine.people.add("olga", PASSWORD, "admin")
    olga = Visitor(app)
    olga.log_in("olga")
    assert olga.get("/api/v1/queues").status_code == 401
    headers = {"Authorization": f"Bearer {text_of('admin')}"}
    assert app.test_client().get("/audit/", headers=headers).status_code == 303


def test_a_viewer_looks_and_acts_on_nothing(engine, program):
    bot = program("viewer")
    (task_id,) = seed.failed(engine, "mail")
    assert bot.get("/queues/mail/tasks", state="error")[0] == 200
    for route in ROUTES:
        if route.method == "POST":
            path = re.sub(r"<(?:\w+:)?(\w+)>", "1", route.path)
            assert code(bot.post(path)) == (403, "forbidden"), path
    assert engine.browse.states("mail", task_id) == ["error"]


def test_a_token_may_no_more_than_its_scope_and_no_more_than_its_user_does_now(engine, program):
    bot = program("operator", queues=["billing"])
    for queue, status in (("billing", 200), ("billing.eu", 200), ("mail", 403), ("billings", 403)):
        (task_id,) = seed.failed(engine, queue)
        assert bot.post(f"/queues/{queue}/tasks/{task_id}/retry")[0] == status, queue
    assert bot.post("/deploys", text="v2")[0] == 403
    engine.people.set_role("ann", "viewer")
    (task_id,) = seed.failed(engine, "billing")
    assert bot.post(f"/queues/billing/tasks/{task_id}/retry")[0] == 403


def test_an_operation_or_a_move_into_queues_outside_the_scope_is_refused(engine, program):
    bot = program("operator", queues=["billing"])
    operation = engine.operations.start("retry", "mail", "error", actor=SOMEBODY, rate=1)
    for verb in ("pause", "resume", "cancel", "undo"):
        assert bot.post(f"/operations/{operation.id}/{verb}")[0] == 403
    (task_id,) = seed.failed(engine, "billing")
    assert bot.post(f"/queues/billing/tasks/{task_id}/move", to_queue="mail")[0] == 403
    assert bot.post("/queues/billing/operations", verb="move", to_queue="mail")[0] == 403
    moving = engine.operations.start("move", "billing", "error", actor=SOMEBODY, rate=1, to_queue="mail")
    assert bot.post(f"/operations/{moving.id}/cancel")[0] == 403
    assert engine.operations.get(operation.id).status == "running"


def test_acts_are_recorded_with_the_door_and_the_name_of_the_token(engine, program):
    bot = program("operator", name="deploy-bot")
    (task_id,) = seed.failed(engine, "mail")
    bot.post(f"/queues/mail/tasks/{task_id}/retry", reason="the gateway is back")
    bot.post(f"/queues/mail/tasks/{task_id}/retry")
    failed, done = engine.audit.page().entries[:2]
    assert (done.actor, done.door, done.verb, done.outcome) == ("ann", "api", "retry", "done")
    assert (done.reason, done.facts["token"]) == ("the gateway is back", "deploy-bot")
    assert (failed.outcome, failed.facts["token"]) == ("failed", "deploy-bot")


def test_a_read_only_console_refuses_acts_of_programs_too(engine, text_of):
    bot = Program(create_app(engine, ConsoleSettings(read_only=True)), text_of("admin"))
    (task_id,) = seed.failed(engine, "mail")
    assert code(bot.post(f"/queues/mail/tasks/{task_id}/retry")) == (403, "forbidden")
    assert bot.get("/me")[1]["read_only"] is True


# -- what goes wrong --
def test_wrong_tokens_from_one_address_have_to_wait_and_right_ones_do_not(app, program):
    client, right = app.test_client(), program("viewer")
    answers = [client.get("/api/v1/me", headers={"Authorization": "Bearer nonsense"}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    assert answers[-1].json["error"]["code"] == "too_many_attempts" and int(answers[-1].headers["Retry-After"]) > 0
    assert right.get("/me")[0] == 200


def test_what_is_not_there_is_404_to_look_at_and_409_to_act_on(engine, program):
    bot = program("operator")
    assert code(bot.get("/queues/mail/tasks/gone")) == (404, "task_not_found")
    assert code(bot.get("/operations/gone")) == (404, "operation_not_found")
    assert code(bot.get("/errors/groups/gone")) == (404, "error_group_not_found")
    assert code(bot.get("/no/such/address")) == (404, "not_found")
    assert code(bot.post("/queues/mail/tasks/gone/retry")) == (409, "task_not_found")
    assert code(bot.post("/queues/mail/tasks/gone/delete")) == (409, "task_not_found")
    assert code(bot.post("/queues/mail/resume")) == (409, "not_paused")
    assert code(bot.open("DELETE", "/queues/mail")) == (405, "method_not_allowed")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/queues/mail/pause", {}),
        ("/queues/mail/pause", {"reason": 5}),
        ("/queues/mail/pause", {"reason": "x", "for_seconds": True}),
        ("/queues/mail/pause", {"reason": "x", "for_seconds": 1, "until_at": 9e9}),
        ("/queues/mail/pause", {"reason": "x", "untill": 9e9}),
        ("/queues/mail/operations", {"verb": "restore"}),
        ("/queues/mail/operations", {"verb": "move"}),
        ("/queues/mail/operations", {"verb": "move", "to_queue": "mail"}),
        ("/queues/mail/operations", {"verb": "retry", "query": "exc:x"}),
        ("/queues/mail/operations", {"verb": "reschedule"}),
        ("/queues/mail/operations", {"verb": "reschedule", "shift_seconds": 1, "due_at": 5}),
        ("/queues/mail/operations", {"verb": "reschedule", "state": "error", "shift_seconds": 5}),
        ("/queues/mail/operations", {"verb": "retry", "canary": 1.5}),
        ("/queues/mail/operations", {"verb": "retry", "task_ids": [1]}),
        ("/queues/mail/operations", {"verb": "clear", "state": "error"}),
        ("/queues/mail/tasks/x/move", {}),
        ("/queues/mail/tasks/x/delete", {"state": "active"}),
    ],
)
def test_what_cannot_be_carried_out_is_refused_with_a_reason(engine, program, path, body):
    status, _ = code(program("operator").post(path, **body))
    assert status == 400


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'"x"', b"\xff", b'{"reason": NaN}', b"[" * 50_000])
def test_a_body_that_is_no_json_object_is_refused(program, body):
    bot = program("operator")
    options = {"data": body, "content_type": "application/json"}
    assert code(bot.open("POST", "/queues/mail/pause", **options))[0] == 400


def test_a_form_is_no_body(program):
    assert code(program("operator").open("POST", "/queues/mail/pause", data={"reason": "x"}))[0] == 400


def test_queries_that_cannot_be_are_refused(engine, program):
    engine.snapshot.take()
    bot = program("viewer")
    for query in ({}, {"state": "x"}, {"state": "error", "limit": "many"}, {"state": "error", "limit": 201}):
        assert code(bot.get("/queues/mail/tasks", **query))[0] == 400
    assert code(bot.get("/queues/mail/tasks", state="error", cursor="x"))[0] == 400
    assert code(bot.get("/queues", cursor="~X"))[0] == 400


def test_a_body_that_is_too_large_is_refused(program):
    body = {"data": b" " * 1_100_000, "content_type": "application/json"}
    assert code(program("operator").open("POST", "/deploys", **body)) == (413, "too_large")


def test_while_redis_is_away_the_answer_says_so(own_server):
    engine = Engine(own_server.url)
    owner = engine.people.add("ann", PASSWORD, "operator")
    bot = Program(
        create_app(engine, ConsoleSettings()), engine.people.tokens.create(owner, "b", role="viewer", made_by="")[1]
    )
    own_server.stop()
    assert code(bot.get("/queues")) == (503, "store_unavailable")
    assert code(bot.post("/deploys")) == (503, "store_unavailable")
    own_server.start()
    assert bot.get("/queues")[0] == 200
    engine.close()


# -- looking --
def test_before_anybody_has_counted_the_queues_are_unknown(program):
    assert program("viewer").get("/queues")[1] == {"taken_at": None, "queues": [], "next_cursor": None}
    assert program("viewer", name="b").get("/errors/groups")[1]["taken_at"] is None


def test_queues_are_paged_by_name_and_filtered_by_hierarchy(engine, program):
    for queue in ("a", "a.b", "ab", "c"):
        seed.queued(engine, queue)
    engine.snapshot.take()
    bot, names, cursor = program("viewer"), [], None
    for _ in range(4):
        _, page = bot.get("/queues", limit=1, **({"cursor": cursor} if cursor else {}))
        names += [one["queue"] for one in page["queues"]]
        cursor = page["next_cursor"]
    assert (names, cursor) == (["a", "a.b", "ab", "c"], None)
    assert [one["queue"] for one in bot.get("/queues", within="a")[1]["queues"]] == ["a", "a.b"]


def test_tasks_are_paged_to_their_end_each_once(engine, program):
    ids = seed.failed(engine, "mail", 5)
    bot, found, query = program("viewer"), [], {"state": "error", "limit": 2}
    while True:
        _, page = bot.get("/queues/mail/tasks", **query)
        found += [one["id"] for one in page["tasks"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert sorted(found) == sorted(ids) and page["total"] == 5


def test_secrets_are_hidden_as_on_the_pages(engine, program):
    (task_id,) = seed.failed(
        engine, "mail", kwargs={"password": "hunter2"}, traceback=seed.TRACEBACK + "app:E: token=hunter2\n"
    )
    bot = program("admin")
    for path, query in ((f"/queues/mail/tasks/{task_id}", {}), ("/queues/mail/tasks", {"state": "error"})):
        _, body = bot.get(path, **query)
        assert "hunter2" not in str(body) and "[hidden]" in str(body)
    assert bot.get(f"/queues/mail/tasks/{task_id}")[1]["hides"] is True


def test_hostile_names_come_as_text_with_an_address_that_works(engine, program):
    engine.store.client.sadd("t:error", to_bytes(HOSTILE_QUEUE))
    engine.store.client.zadd(b"t:error:" + to_bytes(HOSTILE_QUEUE), {to_bytes(HOSTILE_ID): 1.0})
    engine.store.client.set(b"t:task:" + to_bytes(HOSTILE_ID), b'{"id": "x", "func": "a:b", "queue": "q"}')
    engine.snapshot.take()
    bot = program("operator")
    (queue,) = bot.get("/queues")[1]["queues"]
    assert bot.get(queue["href"].removeprefix("/api/v1"))[1]["error"] == 1
    (row,) = bot.get(queue["href"].removeprefix("/api/v1") + "/tasks", state="error")[1]["tasks"]
    assert bot.get(row["href"].removeprefix("/api/v1"))[1]["id"] == shown(HOSTILE_ID)
    assert bot.post(row["href"].removeprefix("/api/v1") + "/retry")[0] == 200
    assert engine.browse.states(HOSTILE_QUEUE, HOSTILE_ID) == ["queued"]


def test_what_redis_holds_breaks_no_answer(engine, raw, program):
    bot = program("viewer")
    for number, payload in enumerate((b"\xff", b"{", b"null", b'{"func": 1, "args": 5, "kwargs": []}', b"[" * 9000)):
        raw.set(f"t:task:{number}", payload)
        raw.rpush(f"t:task:{number}:executions", payload)
        raw.zadd("t:error:mail", {str(number): float("inf") if number == 3 else number})
    raw.sadd("t:error", "mail")
    status, page = bot.get("/queues/mail/tasks", state="error")
    assert status == 200 and len(page["tasks"]) == 5
    for row in page["tasks"]:
        status, body = bot.get(f"/queues/mail/tasks/{row['id']}")
        assert status == 200 and body["id"] == row["id"]


# -- acting --
def test_an_operation_on_few_tasks_is_done_when_it_answers_and_can_be_undone(engine, program):
    bot = program("operator")
    seed.failed(engine, "mail", 3)
    status, purged = bot.post("/queues/mail/operations", verb="purge", reason="old")
    assert (status, purged["status"], purged["done"], purged["door"]) == (201, "done", 3, "api")
    assert bot.post(f"/operations/{purged['id']}/undo")[1]["done"] == 3
    assert engine.browse.sizes("mail")["error"] == 3
    _, moved = bot.post("/queues/mail/operations", verb="move", to_queue="post")
    assert bot.post(f"/operations/{moved['id']}/undo")[1]["done"] == 3
    assert engine.browse.sizes("mail")["error"] == 3


def test_many_tasks_are_moved_and_get_another_time(engine, program):
    bot = program("operator")
    seed.failed(engine, "mail", 3)
    status, moved = bot.post("/queues/mail/operations", verb="move", to_queue="post", reason="wrong queue")
    assert (status, moved["done"], moved["to_queue"], moved["state"]) == (201, 3, "post", "error")
    later = engine.store.now() + 1000
    _, spread = bot.post(
        "/queues/post/operations", verb="reschedule", state="error", due_at=later, spread_seconds=30, query="queue:post"
    )
    assert (spread["done"], spread["spread_seconds"], spread["query"]) == (3, 30, "queue:post")
    _, shifted = bot.post("/queues/post/operations", verb="reschedule", shift_seconds=60)
    assert (shifted["done"], shifted["shift_seconds"], shifted["state"]) == (3, 60, "scheduled")
    due = [task.score for task in engine.browse.page("post", "scheduled", limit=9).rows]
    assert due == pytest.approx([later + 60, later + 70, later + 80])


def test_a_search_of_everything_is_begun_and_read(engine, program):
    bot = program("operator")
    seed.failed(engine, "mail", 3, kwargs={"password": "hunter2"})
    engine.snapshot.take()
    status, begun = bot.post("/searches", query="exc:GatewayDown", reason="how many")
    assert (status, begun["status"], begun["door"], begun["tasks"]) == (201, "running", "api", [])
    _, hidden = bot.post("/searches", query="args.password:hunter2")
    for _ in Duties(engine).search_in_background():
        pass
    status, found = bot.get(f"/searches/{begun['id']}", limit="2")
    assert (status, found["status"], found["matched"], found["counts"]["queue"]) == (200, "done", 3, {"mail": 3})
    assert len(found["tasks"]) == 2 and {one["state"] for one in found["tasks"]} == {"error"}
    _, rest = bot.get(f"/searches/{begun['id']}", limit="2", cursor=found["next_cursor"])
    assert len(rest["tasks"]) == 1 and rest["next_cursor"] is None
    assert bot.get(f"/searches/{hidden['id']}")[1]["matched"] == 0
    assert bot.get(f"/searches/{begun['id']}", cursor="x")[0] == bot.post("/searches", query="(a")[0] == 400
    assert code(bot.get("/searches/none")) == (404, "search_not_found")


def test_an_operation_with_a_canary_waits_and_is_steered(engine, program):
    bot = program("operator")
    seed.failed(engine, "mail", 3)
    _, started = bot.post("/queues/mail/operations", verb="retry", canary=1, rate=2)
    assert (started["status"], started["canary"], started["rate"]) == ("running", 1, 2)
    path = f"/operations/{started['id']}"
    assert bot.post(f"{path}/pause", reason="wait")[1]["paused_because"] == "wait"
    assert bot.post(f"{path}/resume")[1]["status"] == "running"
    assert bot.post(f"{path}/rate", rate=9)[1]["rate"] == 9
    assert bot.post(f"{path}/cancel")[1]["status"] == "cancelled"
    assert code(bot.post(f"{path}/cancel")) == (409, "operation_ended")


def test_a_task_is_deleted_to_the_trash_unless_for_good(engine, program):
    bot = program("operator")
    first, second = seed.failed(engine, "mail", 2)
    assert bot.post(f"/queues/mail/tasks/{first}/delete")[1]["href"] is None
    assert bot.post(f"/queues/mail/tasks/{second}/delete", for_good=True)[0] == 200
    assert engine.trash.size().tasks == 1
