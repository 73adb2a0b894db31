"""Every address of the console that can be looked at, from its own map of routes: a new page is measured by itself."""

import itertools
from dataclasses import dataclass

from werkzeug.routing import AnyConverter

from bench.console_pages.fill import BIG_QUEUE, LARGE_QUEUE, RUNNING
from queue_core import Engine, states

# the API is opened with a token, not by a person with a browser
_NO_PAGES = ("/static", "/login", "/password", "/healthz", "/api", "/metrics")
NOT_FOUND = "refused-by-nobody"
_QUEUE = "region-0.team-0.customer-00000"


@dataclass(frozen=True)
class Address:
    """route: as the map of routes has it, with what stands for its arguments; path: to open.  searches: it has to look
    into tasks one by one until its time is over."""

    route: str
    path: str
    searches: bool = False


def addresses(app, engine: Engine) -> list[Address]:
    """One for each page, and several for those that show a queue or a task of another size."""
    found, adapter, seeds = [], app.url_map.bind("localhost"), _seeds(engine)
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if "GET" in rule.methods and not rule.rule.startswith(_NO_PAGES):
            for words, values in _values(rule, seeds):
                path = adapter.build(rule.endpoint, values, method="GET")
                found.append(Address(f"{rule.rule} {words}".strip().replace("name:", ""), path))
    return found + [Address(path, path, searches=NOT_FOUND in path) for path in _further(engine)]


def _values(rule, seeds):
    """(what is special about it, {argument: value}), every choice of those that a route names itself."""
    choices = {
        argument: sorted(converter.items)
        for argument, converter in rule._converters.items()
        if isinstance(converter, AnyConverter)
    }
    if "state" in rule.arguments and "state" not in choices:
        choices["state"] = states.ALL
    for chosen in itertools.product(*choices.values()):
        named = dict(zip(choices, chosen, strict=True))
        for words, seed in _places(rule.arguments - choices.keys(), seeds):
            yield " ".join([*chosen, words]).strip(), seed | named


def _places(arguments, seeds):
    if "worker_id" in arguments:
        seeds = seeds | {"tasks": [("", {"queue": RUNNING["queue"], "task_id": RUNNING["id"]})]}
    wanted = {"task_id": "tasks", "queue": "queues"}
    kind = next((wanted[name] for name in wanted if name in arguments), None)
    for words, place in seeds[kind] if kind else [("", {})]:
        yield words, {name: place.get(name, seeds["others"].get(name, "1")) for name in arguments}


def _seeds(engine) -> dict:
    newest = engine.browse.page(BIG_QUEUE, states.ERROR, limit=1).rows[0].id
    (group, *_) = engine.error_groups.summary().groups
    return {
        "queues": [
            ("large queue", {"queue": BIG_QUEUE}),
            ("large tasks", {"queue": LARGE_QUEUE}),
            ("", {"queue": _QUEUE}),
        ],
        "tasks": [
            ("in a large queue", {"queue": BIG_QUEUE, "task_id": newest}),
            ("large", {"queue": LARGE_QUEUE, "task_id": "large-0"}),
        ],
        "others": {
            "worker_id": "worker-0",
            "user": engine.people.all()[0].name,
            "group_id": group.id,
            "operation_id": engine.operations.newest(1)[0].id,
            "search_id": engine.background.newest()[0].id,
            "entry_id": engine.trash.page(limit=1).entries[0].id,
        },
    }


def _further(engine):
    """Pages with filters, and lists far from their beginning."""
    middle = engine.store.client.zrevrange(
        engine.store.keys.state(states.ERROR, BIG_QUEUE), 20_000, 20_000, withscores=True
    )
    (task_id, score), *_ = middle or [(b"waiting", 1.0)]
    yield f"/queues/{BIG_QUEUE}/error?cursor=after:{score!r}:{task_id.hex()}"
    yield "/?q=customer-0042"
    yield "/?q=nothing-is-called-so"
    yield f"/errors/tasks?q=queue:{BIG_QUEUE}+{NOT_FOUND}"
    yield "/errors/?q=Fault&window=168"
    yield "/audit/?verb=retry&actor=person-3"
    yield "/audit/?queue=nothing-is-called-so"
    yield "/trash/?queue=mail.bounces"
