"""A forked child as its parent sees it: what it said, and how it ended."""

import contextlib
import os
import select
import signal

from queue_core.worker.executors.report import MAX_BYTES

_LOOK_SECONDS = 0.1


class Child:
    """A context: on leaving it the child has been reaped and nothing of it stays open.

    said: the bytes of its report.  signal, exit_status: how it ended; one of them is None."""

    def __init__(self, pid: int, reading_end: int):
        self.pid = pid
        self.said = b""
        self.signal = None
        self.exit_status = None
        self._ended = False
        self._pipe = reading_end
        os.set_blocking(reading_end, False)
        self._process = _pidfd(pid)
        self._poll = select.poll()
        for descriptor in filter(None, (self._pipe, self._process)):
            self._poll.register(descriptor, select.POLLIN)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self._ended:
            self.kill()
        for descriptor in filter(None, (self._pipe, self._process)):
            os.close(descriptor)

    def wait(self, seconds: float) -> bool:
        """Whether the child has ended, after at most about `seconds`; may give False earlier."""
        if self._process is None:
            seconds = min(seconds, _LOOK_SECONDS)
        self._poll.poll(max(seconds, 0) * 1000)
        self._read()
        return self._reap(os.WNOHANG)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        self._reap(0)

    def _reap(self, options) -> bool:
        pid, status = os.waitpid(self.pid, options)
        if pid == 0:
            return False
        self._ended = True
        if os.WIFSIGNALED(status):
            self.signal = os.WTERMSIG(status)
        else:
            self.exit_status = os.WEXITSTATUS(status)
        self._read()
        return True

    def _read(self):
        while True:
            try:
                part = os.read(self._pipe, 65_536)
            except BlockingIOError:
                return
            if not part:
                self._stop_listening()
                return
            # past the limit it is no report of ours, but it must be read on or the child would block
            self.said = (self.said + part)[: MAX_BYTES + 1]

    def _stop_listening(self):
        with contextlib.suppress(KeyError):
            self._poll.unregister(self._pipe)


def _pidfd(pid):
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None  # not Linux, or forbidden in this container: the end is noticed within a tenth of a second
