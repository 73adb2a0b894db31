"""A receiver of alerts: a real HTTP server in a thread, which answers as a test wants."""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Post(NamedTuple):
    """What was sent."""

    path: str
    headers: dict
    body: bytes

    @property
    def event(self) -> dict:
        return json.loads(self.body)


def says(status, body=b"ok", **headers):
    """Answers so."""

    def answer(handler, over):
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def says_nothing(handler, over):
    """Takes the request and keeps the connection open until the test is over."""
    over.wait()


def never_ends(handler, over):
    """Says yes, and goes on talking."""
    handler.send_response(200)
    handler.end_headers()
    while not over.is_set():
        handler.wfile.write(b"x" * 65_536)


class Receiver:
    """posts: what it was sent, in order.  answers: of the next ones, in turn; afterwards it says 200."""

    def __init__(self, *answers):
        self.posts: list[Post] = []
        self.answers = list(answers)
        self._over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/hooks/s3cret-token?key=hunter2"

    @property
    def events(self) -> list[dict]:
        return [one.event for one in self.posts]

    @property
    def told(self) -> list[tuple[str, str]]:
        """(event, kind) of each."""
        return [(one["event"], one["kind"]) for one in self.events]

    def close(self):
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = receiver.answers.pop(0) if receiver.answers else says(200)
                receiver.posts.append(Post(self.path, dict(self.headers), body))
                with contextlib.suppress(OSError):
                    answer(self, receiver._over)

            def do_GET(self):
                receiver.posts.append(Post(self.path, dict(self.headers), b"{}"))
                says(200)(self, receiver._over)

            def log_message(self, *words):
                pass

        return Handler
