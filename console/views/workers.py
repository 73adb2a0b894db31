"""Who is alive, and what they run."""

from flask_admin import expose

from console.auth import may
from console.current import engine, now
from console.page import Page
from console.presenters import plural, process

KINDS = ("worker", "sweeper", "observer")
MAX_RUNS = 5


class WorkersPage(Page):
    icon = "workers"

    def __init__(self):
        super().__init__("Workers", endpoint="workers", url="/workers")

    @expose("/")
    @may("look")
    def index(self):
        alive = sorted((process(worker) for worker in engine().workers.alive()), key=_stuck_first)
        counts = ((kind, sum(each.kind == kind for each in alive)) for kind in KINDS)
        sentence = ", ".join(plural(count, kind) for kind, count in counts if count)
        return self.render("workers/index.html", workers=alive, sentence=sentence, max_runs=MAX_RUNS, now=now())


def _stuck_first(worker):
    return worker.longest_running_at, worker.kind != "worker", worker.id
