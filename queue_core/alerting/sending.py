"""One event on its way to one receiver, in a process of its own.

Not in a thread: this process may fork children for tasks, which would inherit whatever a thread holds just then; and a
receiver that drips its answer, or a name that is not resolved, keeps a thread for as long as it likes.  A process ends.
"""

import contextlib
import json
import signal
import subprocess
import sys
from pathlib import Path

from queue_core.alert_delivery import Answer
from queue_core.clock import monotonic
from queue_core.text import json_object

SILENT_SECONDS = 5.0
"""How long a receiver may say nothing."""
DEADLINE_SECONDS = 10
"""How long all of it may take."""

_PROGRAM = Path(__file__).with_name("post.py")
_MARGIN_SECONDS = 2.0
_TOO_LATE = f"no answer within {DEADLINE_SECONDS} s"


class Sending:
    """Begins when it is made.  answer: what came of it, once `has_ended`."""

    def __init__(self, url: str, body: bytes, headers: dict[str, str]):
        self.answer: Answer | None = None
        self._until = monotonic() + DEADLINE_SECONDS + _MARGIN_SECONDS
        self._process = None
        wanted = {
            "url": url, "body": body.decode(), "headers": headers, "silent_seconds": SILENT_SECONDS,
            "deadline_seconds": DEADLINE_SECONDS,
        }  # fmt: skip
        try:
            # isolated and without packages: it starts in a moment, and runs nothing but the standard library
            self._process = subprocess.Popen(
                (sys.executable, "-I", "-S", str(_PROGRAM)),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
            # not among the arguments, which every user of the machine can read
            self._process.stdin.write(json.dumps(wanted).encode())
            self._process.stdin.close()
        except OSError as error:
            self._give_up(f"no process to send it could be started: {error.strerror}")

    def has_ended(self) -> bool:
        if self.answer is None and self._process.poll() is not None:
            self._read()
        elif self.answer is None and monotonic() > self._until:
            self._give_up(_TOO_LATE)
        return self.answer is not None

    def wait(self, seconds: float) -> bool:
        """Waits for its end, at most so long; whether it has ended."""
        if self.answer is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(max(0.0, seconds))
        return self.has_ended()

    def _read(self):
        with self._process.stdout as printed:
            told = json_object(printed.read())
        status, said = told.get("status"), told.get("said")
        if isinstance(status, int | None) and isinstance(said, str):
            self.answer = Answer(status, said)
        elif self._process.returncode == -signal.SIGALRM:
            self.answer = Answer(said=_TOO_LATE)
        else:
            self.answer = Answer(said=f"the process that sends it ended with status {self._process.returncode}")

    def _give_up(self, why):
        self.answer = Answer(said=why)
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()
