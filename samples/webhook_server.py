"""The other side of the shop's webhooks: `python -m samples.webhook_server`.

It answers as the systems of real customers do: mostly well, at times with an error, with a broken connection, or not at
all; and once a minute it is down for a few seconds.  What it does is fixed per receiver, so that a retry can succeed.
"""

import itertools
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from samples.places import address_file, write
from samples.signals import stop_event

UP_SECONDS = 55
DOWN_SECONDS = 5
MAX_BODY_BYTES = 100_000
LONGEST_SILENCE_SECONDS = 120

SILENCE = "silence"
HANG_UP = "hang up"
ANSWERS = {
    "/hooks/globex": (200, 200, 500),
    "/hooks/lindqvist": (200, 200, 200, SILENCE),
    "/hooks/tandem": (503, 503, 200),
    "/hooks/zephyr": (200, HANG_UP),
    "/hooks/papyrus": (500,),
    "/partners/tortoise": (200, SILENCE),
}
"""What each receiver answers, in turn; all others answer 200."""


class Handler(BaseHTTPRequestHandler):
    timeout = LONGEST_SILENCE_SECONDS

    def do_POST(self):
        self.rfile.read(min(int(self.headers.get("Content-Length", 0)), MAX_BODY_BYTES))
        answer = self.server.next_answer(self.path)
        if answer == SILENCE:
            self._wait_until_the_client_leaves()
        elif answer == HANG_UP:
            self._reset()
        else:
            self._say(answer)

    def _say(self, status):
        text = b"taken\n" if status < 300 else b"the receiving system is in trouble\n"
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _wait_until_the_client_leaves(self):
        self.close_connection = True
        try:
            self.connection.recv(1)
        except OSError:
            return

    def _reset(self):
        # lingering for zero seconds makes the kernel send a reset instead of an orderly end
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, format, *args):
        return


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port=0, turns=None):
        """turns: path -> iterator of answers, to go on where an earlier server stopped."""
        super().__init__(("127.0.0.1", port), Handler)
        self.turns = {path: itertools.cycle(answers) for path, answers in ANSWERS.items()} if turns is None else turns
        self._one_at_a_time = threading.Lock()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}\n"

    def next_answer(self, path):
        with self._one_at_a_time:
            return next(self.turns[path]) if path in self.turns else 200

    def handle_error(self, request, client_address):
        return


def serve(stop: threading.Event, up_seconds: float = UP_SECONDS, down_seconds: float = DOWN_SECONDS) -> None:
    """Serves on a free port, told in the address file, until `stop` is set."""
    port, turns = 0, None
    while not stop.is_set():
        server = Server(port, turns)
        port, turns = server.server_address[1], server.turns
        write(address_file(), server.url.encode())
        with server:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
            stop.wait(up_seconds)
            server.shutdown()
        stop.wait(down_seconds)


if __name__ == "__main__":
    serve(stop_event())
