"""A console of ours as a process of its own, and a browser that is logged in to it."""

import contextlib
import socket
import subprocess
import sys

from console.browser import Browser
from queue_core import end_with_parent
from tests.interop.tiger import ROOT, environment, killed_at_the_end
from tests.waiting import wait_until

USER, PASSWORD = "olga", "correct horse battery"


@contextlib.contextmanager
def logged_in(redis_url, log_path, *options):
    """The browser of USER, who has to exist, on a console that was started with these options; as long as it runs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = [sys.executable, "-m", "queue_core.cli", "console", "--port", str(port), "--redis-url", redis_url]
    with open(log_path, "ab") as log:
        process = subprocess.Popen(
            [*program, "--workers", "1", *options], cwd=ROOT, env=environment(), stdout=log, stderr=log,
            process_group=0, preexec_fn=end_with_parent,
        )  # fmt: skip
    with killed_at_the_end(process):
        browser = Browser(f"http://127.0.0.1:{port}")
        page = wait_until(lambda: _login_page(browser), 90)
        assert browser.submit(page.form("/login"), name=USER, password=PASSWORD).status == 200
        yield browser


def _login_page(browser):
    with contextlib.suppress(OSError):
        page = browser.get("/login")
        return page if page.status == 200 else None
