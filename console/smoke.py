"""`signalbox up --smoke`: everything on free ports in a temporary folder, checked from the outside, and ended again."""

import dataclasses
import tempfile
import time

from console.browser import Browser
from console.converters import to_segment
from console.local import FIRST_USER, Options, Site, Stop
from console.supervisor import last_lines
from queue_core.errors import InvalidSettings, SignalboxError, StoreError, TaskNotFound

PATIENCE_SECONDS = 45.0


class Failed(Exception):
    """A check did not hold."""


def run(options: Options) -> int:
    """One line per check; 0 when all hold, else 1.  Raises SignalboxError when things cannot be started at all."""
    if options.redis_url:
        raise InvalidSettings(
            "--smoke brings a Redis of its own and cannot use another.", hint="Leave out --redis-url or --smoke."
        )
    stop = Stop()
    with tempfile.TemporaryDirectory(prefix="signalbox-smoke-") as folder:
        wanted = dataclasses.replace(options, port=0, data=folder, samples=True)
        site = Site(wanted, None, tell=lambda text: print(f"     {text}", flush=True))
        try:
            site.start(stop)
            code = 0 if _all_hold(site, stop) else 1
        finally:
            processes = [child.process for child in site.supervisor.children]
            site.stop(stop)
        return code if _ended(processes, site) else 1


def _all_hold(site: Site, stop: Stop) -> bool:
    smoke = Smoke(site, stop)
    checks = (smoke.redis, smoke.login, smoke.success, smoke.failure, smoke.retry, smoke.run_again)
    for check in checks:
        try:
            _report(True, check())
        except (Failed, SignalboxError, OSError) as error:
            _report(False, f"{check.__name__.replace('_', ' ')}: {error}")
            _show_logs(site)
            return False
    return True


class Smoke:
    """The checks, in their order; each gives a sentence or raises Failed."""

    def __init__(self, site: Site, stop: Stop):
        self.site, self.engine, self._stop = site, site.engine, stop
        self.browser = Browser(site.address)
        self.task = None

    def redis(self) -> str:
        self.engine.store.client.ping()
        return f"{self.site.redis_title} answers on {self.site.redis_url}"

    def login(self) -> str:
        page = self.browser.get("/")
        form = page.form("/login")
        if not form or "csrf_token" not in form.fields:
            raise Failed(f"no login form with a CSRF token at {page.url} (status {page.status})")
        page = self.browser.submit(form, name=FIRST_USER, password=self.site.password)
        if page.status != 200 or page.form("/login"):
            raise Failed(f"the first user cannot log in (status {page.status} at {page.url})")
        return f"the console lets {FIRST_USER} in at {self.site.address}"

    def success(self) -> str:
        """A task that succeeds leaves nothing in Redis; the order import leaves its orders on disk."""
        found = self._until(lambda: sorted(self.site.shop_folder.glob("orders/*/*.json")), "no order was imported")
        return f"a sample task has succeeded: it imported order {found[0].stem}"

    def failure(self) -> str:
        self.task = self._until(self._failed_task, "no sample task is in error")
        return f"a sample task has failed: {self.task.func} with {self.task.failure.exception_name}"

    def retry(self) -> str:
        path = f"/queues/{to_segment(self.task.queue)}/tasks/{to_segment(self.task.id)}"
        form = self.browser.get(path).form("/retry")
        if not form or form.method != "post":
            raise Failed(f"the page {path} has no form to retry the task")
        page = self.browser.submit(form)
        if page.status != 200:
            raise Failed(f"the retry was answered with status {page.status}")
        entries = self.engine.audit.page(verb="retry", actor=FIRST_USER).entries
        if not any(entry.task_id == self.task.id and entry.outcome == "done" for entry in entries):
            raise Failed("the retry is not in the audit trail")
        return "the task was retried through the console, and the audit trail tells by whom"

    def run_again(self) -> str:
        outcome = self._until(self._outcome_of_retry, "the retried task did not run again")
        return f"the retried task has run again: it {outcome}"

    def _failed_task(self):
        queues = self.engine.leases.queues("error")[:50]
        rows = self.engine.browse.newest_errors(queues, limit=50)
        return next((row for row in rows if row.failure and row.failure.exception_name), None)

    def _outcome_of_retry(self):
        try:
            task = self.engine.browse.task(self.task.queue, self.task.id)
        except TaskNotFound:
            return "succeeded"
        return "failed for the same reason" if task.executions_count > self.task.executions_count else None

    def _until(self, condition, otherwise: str):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            self.site.look_after()
            try:
                if found := condition():
                    return found
            except StoreError as error:
                otherwise = str(error)
            if time.monotonic() > deadline:
                raise Failed(f"{otherwise} in {PATIENCE_SECONDS:.0f} s")
            if self._stop.wait(0.1):
                raise Failed("stopped before the end")


def _ended(processes, site: Site) -> bool:
    left = [process.pid for process in processes if process.poll() is None]
    ended = not left and not (site.server and site.server.running)
    _report(ended, "all processes have ended" if ended else f"still running: {left}")
    return ended


def _report(holds: bool, sentence: str) -> None:
    print(f"{'ok  ' if holds else 'FAIL'} {sentence}", flush=True)


def _show_logs(site: Site) -> None:
    for child in site.supervisor.children:
        print(f"--- the end of {child.log_path.name}\n{last_lines(child.log_path, 10)}")
