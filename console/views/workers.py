"""Who is alive, what they run, and what can be asked of them."""

import heapq
import math

from flask import request, url_for
from flask_admin import expose

from console import actions
from console.auth import may
from console.current import engine, now, snapshot
from console.page import Page
from console.presenters import plural, short_id
from console.processes import process
from queue_core.errors import TaskNotFound

KINDS = ("worker", "sweeper", "observer")
ORDERS = "any(quiet,wake,stop)"
ROWS = 50
MAX_RUNS = 5
MAX_HELD_QUEUES = 50
SILENT_HEARTBEATS = 3

TOLD = {
    "quiet": "is asked to take nothing new; what runs goes on.",
    "wake": "is asked to take tasks again.",
    "stop": "is asked to finish its task and leave.",
    "kill": "is asked to end the task.",
}


class WorkersPage(Page):
    icon = "workers"

    def __init__(self):
        super().__init__("Workers", endpoint="workers", url="/workers")

    @expose("/")
    @may("look")
    def index(self):
        alive = sorted(_processes(engine().workers.alive()), key=_stuck_first)
        pages = max(1, math.ceil(len(alive) / ROWS))
        page = max(1, min(request.args.get("page", 1, type=int), pages))
        counts = ((kind, sum(each.kind == kind for each in alive)) for kind in KINDS)
        return self.render(
            "workers/index.html",
            workers=alive[(page - 1) * ROWS :][:ROWS],
            page=page,
            pages=pages,
            sentence=", ".join(plural(count, kind) for kind, count in counts if count),
            held=engine().workers.held_by_others(_queues_with_active_tasks()),
            lease_seconds=engine().settings.lease_seconds,
            heartbeat_seconds=engine().settings.heartbeat_seconds,
            max_runs=MAX_RUNS,
            max_held_queues=MAX_HELD_QUEUES,
            now=now(),
        )

    @expose(f"/<name:worker_id>/<{ORDERS}:verb>", methods=["POST"])
    @may("operate")
    def order(self, worker_id, verb):
        return _ordered(verb, worker_id)

    @expose("/<name:worker_id>/kill/<name:queue>/<name:task_id>")
    @may("operate")
    def confirm_kill(self, worker_id, queue, task_id):
        (worker,) = _processes([engine().workers.get(worker_id)])
        run = next((run for run in worker.runs if (run.queue, run.id) == (queue, task_id)), None)
        if run is None:
            raise TaskNotFound(task_id=task_id, queue=queue)
        return self.render("workers/kill.html", worker=worker, run=run, now=now())

    @expose("/<name:worker_id>/kill/<name:queue>/<name:task_id>", methods=["POST"])
    @may("operate")
    def kill(self, worker_id, queue, task_id):
        return _ordered("kill", worker_id, queue=queue, task_id=task_id)


def _ordered(verb, worker_id, **place):
    def act(actor):
        engine().workers.order(verb, worker_id, actor=actor, reason=actions.given_reason(), **place)

    told = f"Worker {short_id(worker_id)} {TOLD[verb]} It hears of it within {engine().settings.heartbeat_seconds:g} s."
    back = actions.came_from(url_for(".index"))
    return actions.perform(f"{verb}_worker", act, told=told, back=back, **place)


def _processes(alive):
    at, silent_after_seconds = now(), engine().settings.heartbeat_seconds * SILENT_HEARTBEATS
    orders = engine().workers.orders([worker.id for worker in alive])
    return [process(worker, at, silent_after_seconds, orders.get(worker.id, ())) for worker in alive]


def _stuck_first(worker):
    overdue = any(run.overdue for run in worker.runs)
    return not overdue, not worker.silent, worker.longest_running_at, worker.kind != "worker", worker.id


def _queues_with_active_tasks():
    counted = snapshot()
    active = ((one.active, queue) for queue, one in (counted.queues.items() if counted else ()) if one.active)
    return [queue for _, queue in heapq.nlargest(MAX_HELD_QUEUES, active)]
