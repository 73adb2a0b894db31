"""Takes pictures of the console over a history of the sample application, and over nothing, in a real browser."""

import argparse
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from queue_core import Actor, Engine, Server, end_with_parent
from samples.demo import fill

COMMAND = (sys.executable, "-m", "queue_core.cli")
USER, PASSWORD = "grace", "a picture of health"
TASKS, SEED = 4_000, 7
PATIENCE_SECONDS = 30
JOURNEYS = (
    "-k=ours or not flood",
    "-m=not long",
    *(
        f"tests/journeys/test_{name}.py"
        for name in ("flood", "somebodys_tasktiger", "two_people", "redis_away", "bad_luck")
    ),
)
"""What is told with pictures in docs/console, as pytest takes it."""
PLACES = {
    name: f"/{name}/"
    for name in (
        "errors", "tasks", "scheduled", "queues", "workers", "periodic", "numbers", "operations", "trash", "audit",
        "settings", "people", "holds", "account", "searches", "views",
    )
} | {"overview": "/", "failed": "/errors/tasks", "findings": "/settings/findings"}  # fmt: skip
"""Pages that are there before anything has happened."""
IN_THE_DOCUMENTS = {"overview", "queue", "task", "errors", "operation", "audit", "workers"}
WINDOWS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1360, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1360, "height": 900}},
    "narrow": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", help="where the pictures go (default: docs/images)")
    parser.add_argument("--every-page", action="store_true", help="all pages, and each without anything in Redis")
    parser.add_argument("--journeys", action="store_true", help="those of docs/console, which the journeys take")
    options = parser.parse_args()
    if options.journeys:
        sys.exit(_travel(Path(options.folder or "docs/console/images")))
    folder = Path(options.folder or "docs/images")
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        if options.every_page and not options.folder:
            parser.error("Say with --folder where so many pictures are to go.")
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="signalbox-pictures-")))
        server = Server(data / "redis").start()
        stack.callback(server.stop)
        engine = stack.enter_context(contextlib.closing(Engine(server.url)))
        if options.every_page:
            with contextlib.ExitStack() as nothing:
                _take(_start_processes(nothing, engine, data, server.url, "empty"), PLACES, folder, "empty-")
        fill(engine, TASKS, SEED)
        _hide_this_machine(engine.store.client)
        address = _start_processes(stack, engine, data, server.url, "full")
        pages = PLACES | _make_history(engine)
        shown = pages if options.every_page else {name: pages[name] for name in pages if name in IN_THE_DOCUMENTS}
        _take(address, shown, folder)


def _travel(folder: Path) -> int:
    """Makes the journeys that are told in docs/console, which take their pictures; the exit code."""
    environment = os.environ | {"JOURNEY_PICTURES": str(folder.resolve())}
    return subprocess.run([sys.executable, "-m", "pytest", "-q", *JOURNEYS], env=environment, check=False).returncode


def _hide_this_machine(client) -> None:
    """The tracebacks name the folder of this checkout; the pictures name the one of a shop's server."""
    here = json.dumps(str(Path(__file__).resolve().parents[1]))[1:-1].encode()
    for key in client.scan_iter("*:executions", count=1000):
        for place, entry in enumerate(client.lrange(key, 0, -1)):
            client.lset(key, place, entry.replace(here, b"/srv/shop"))


def _start_processes(stack, engine, data: Path, redis_url: str, kind: str) -> str:
    """Console, sweeper and a worker for two of the queues; gives the console's address."""
    if engine.people.all() == []:
        engine.people.add(USER, PASSWORD, "admin")
    environment = os.environ | {
        "REDIS_URL": redis_url,
        "SIGNALBOX_REDIS_URL": redis_url,
        "SHOP_OUTPUT": str(data / "shop"),
        "SIGNALBOX_CONSOLE_ENVIRONMENT": "sample shop",
    }
    for arguments in (
        ("sweeper",),
        ("worker", "-m", "samples.shop", "-q", "invoices,images"),
        ("console", "--port", "0"),
    ):
        log = stack.enter_context((data / f"{kind}-{arguments[0]}.log").open("wb"))
        process = subprocess.Popen(
            (*COMMAND, *arguments), env=environment, stdout=log, stderr=log, preexec_fn=end_with_parent
        )
        stack.callback(_end, process)
    log_path = data / f"{kind}-console.log"
    found = _wait_for(lambda: re.search(r"http://127\.0\.0\.1:\d+", log_path.read_text(errors="replace")))
    _wait_for(lambda: engine.workers.holder("sweeper"))
    return found[0]


def _end(process) -> None:
    process.terminate()
    process.wait(15)


def _make_history(engine) -> dict:
    """What an operator would have done by now; gives the pages to take, by name."""
    grace, night = Actor(USER, "web"), Actor("noor", "command line")
    engine.control.pause("webhooks.zephyr", actor=grace, reason="zephyr deploys a fix, ticket 4127", until=_in_hours(2))
    operations = engine.operations
    now = engine.store.now()
    for operation in (
        operations.start("purge", "partners.tortoise", "error", actor=night, reason="old", not_after=now - 3 * 86_400),
        operations.start("retry", "orders.harbour", "error", actor=grace, reason="the price list is mended"),
    ):
        operations.run_small(operation)
    first, second, *_ = engine.browse.page("webhooks.globex", "error").rows
    engine.control.retry("webhooks.globex", first.id, actor=grace)
    engine.control.delete("webhooks.globex", "error", second.id, actor=night, reason="sent by hand")
    task = engine.browse.page("orders.acme", "error").rows[0]
    _wait_for(lambda: engine.snapshot.read().queues["orders.harbour"].error == 0)
    group = _wait_for(lambda: _groups_when_all_are_read(engine))[0]
    return {
        "overview": "/",
        "queue": "/queues/webhooks.zephyr/error",
        "task": f"/queues/orders.acme/tasks/{task.id}",
        "edit": f"/queues/orders.acme/tasks/{task.id}/edit",
        "group": f"/errors/groups/{group.id}",
        "preview": "/queues/webhooks.tandem/all/retry",
        "preview-move": "/queues/webhooks.tandem/all/move/error",
        "preview-matching": "/matching/retry?q=queue:webhooks.*",
        "preview-group": f"/errors/groups/{group.id}/retry",
        "preview-shift": "/scheduled/all/shift",
        "operation": f"/operations/{operation.id}",
        "search": f"/searches/{engine.background.start('queue:webhooks.*', actor=grace).id}",
        "numbers-queue": "/numbers/queues/orders.acme",
        "person": f"/people/{USER}",
    }


def _groups_when_all_are_read(engine):
    summary = engine.error_groups.summary()
    return summary and not summary.remaining and summary.groups


def _in_hours(hours: float) -> float:
    return time.time() + hours * 3600


def _wait_for(condition):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (met := condition()):
        if time.monotonic() > deadline:
            raise SystemExit("The processes do not come up; take the pictures again.")
        time.sleep(0.05)
    return met


def _take(address: str, pages: dict, folder: Path, prefix: str = "") -> None:
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("google-chrome")
    if not program:
        raise SystemExit("There is no chromium here.  On Debian: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        for window, options in WINDOWS.items():
            page = browser.new_context(base_url=address, **options).new_page()
            page.goto("/login")
            page.screenshot(path=folder / f"{prefix}login-{window}.png")
            page.get_by_label("Name").fill(USER)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Log in").click()
            for name, path in pages.items():
                page.goto(path)
                page.screenshot(path=folder / f"{prefix}{name}-{window}.png")
        browser.close()


if __name__ == "__main__":
    main()
