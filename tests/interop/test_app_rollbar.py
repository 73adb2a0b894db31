"""Rollbar error handling: the launch script of TaskTiger's documentation, with the real `rollbar`, on both engines."""

import http.server
import json
import subprocess
import sys
import threading

import pytest

from tests.interop.both import day
from tests.interop.both.engines import ENGINES
from tests.waiting import wait_until

REAL = "rollbar==1.5.0"


@pytest.fixture(scope="session")
def folder_with_rollbar(tmp_path_factory):
    """A folder for PYTHONPATH that has the real package."""
    folder = tmp_path_factory.mktemp("rollbar")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, REAL]
    if subprocess.run(command, check=False, timeout=100, capture_output=True).returncode:
        pytest.skip(f"*** {REAL} cannot be installed from here: NOTHING IS TESTED AGAINST ROLLBAR. ***")
    return folder


class Endpoint(http.server.ThreadingHTTPServer):
    """What Rollbar's server is to the package: it takes items and says thanks."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Receiver)
        self.items = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/api/1/"


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.items.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["data"])
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"err": 0, "result": {}}')

    def log_message(self, *_):
        pass


@pytest.fixture
def endpoint():
    with Endpoint() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def items_of_a_failure(side, endpoint, folder, packages) -> list:
    """What is reported of a task that fails once, is retried, and fails for good."""
    endpoint.items.clear()
    path = f"{side.environment['PYTHONPATH']}:{packages}"
    variables = {"SCENE_JOURNAL": str(folder / "journal"), "SCENE_ROLLBAR": endpoint.url, "PYTHONPATH": path}
    with day.client_of(side) as client:
        client.flushall()
        task_id = "a" * 64
        payload = {"id": task_id, "func": "tests.interop.app.orders:count", "args": ["beads"]}
        payload["retry_method"] = ["tasktiger.retry:_fixed", [0.01, 1]]
        client.set(f"t:task:{task_id}", json.dumps(payload))
        client.zadd("t:queued:stock", {task_id: 1})
        client.sadd("t:queued", "stock")
        output = folder / "output"
        with day.worker(side, "tests.interop.app.launch_with_rollbar", output=output, **variables):
            wait_until(lambda: endpoint.items and client.exists("t:error:stock"), 30, f"see {output}")
    return [_comparable(item) for item in endpoint.items]


def _comparable(item):
    shown = {name: item.get(name) for name in ("title", "level", "fingerprint", "environment", "context")}
    frames = [trace["exception"] for trace in item["body"].get("trace_chain", [item["body"].get("trace", {})]) if trace]
    return shown | {"kind": sorted(item["body"]), "exceptions": frames}


@pytest.mark.timeout(240)
def test_what_fails_for_good_is_reported_the_same(sides, endpoint, tmp_path, folder_with_rollbar):
    theirs, ours = (items_of_a_failure(sides[name], endpoint, tmp_path, folder_with_rollbar) for name in ENGINES)
    assert len(theirs) == 1
    assert ours == theirs
