"""The workers page."""


def text(answer):
    return answer.get_data(as_text=True)


def test_without_processes_the_page_tells_how_to_start_one(operator):
    page = text(operator.get("/workers/"))
    assert "signalbox worker -m your_module" in page
    assert "TaskTiger workers do not register" in page


def test_a_worker_is_listed_with_what_it_runs(engine, operator):
    now = engine.clock.now()
    running = [{"id": "abc", "queue": "mail", "func": "shop.mail:send", "started_at": now - 5}]
    facts = {"kind": "worker", "host": "w3", "pid": 4711, "queues": ["mail"], "started_at": now, "running": running}
    engine.workers.register("w3-4711", facts)
    page = text(operator.get("/workers/"))
    assert "1 worker alive" in page
    assert "4711" in page
    assert 'href="/queues/mail/tasks/abc">shop.<wbr>mail:<wbr>send</a>' in page


def test_who_has_run_longest_stands_first(engine, operator):
    for name, seconds in (("young", 1), ("stuck", 900)):
        running = [{"id": name, "queue": "q", "func": name, "started_at": engine.clock.now() - seconds}]
        engine.workers.register(name, {"kind": "worker", "host": name, "running": running})
    page = text(operator.get("/workers/"))
    assert page.index("stuck") < page.index("young")


def test_facts_of_a_strange_shape_do_no_harm(engine, operator):
    engine.workers.register("odd", {"kind": 7, "queues": "x", "running": ["x", {}], "started_at": "never"})
    answer = operator.get("/workers/")
    assert answer.status_code == 200
    assert "unknown host" in text(answer)


def test_a_clock_that_is_wrong_is_named(engine, operator):
    engine.workers.register("w", {"kind": "worker", "host": "w3", "clock_behind_seconds": -120.2})
    assert "clock 120 s ahead of Redis" in text(operator.get("/workers/"))
