"""A forked child as its parent sees it: what it says, and how it ended."""

import contextlib
import os
import select
import signal

from queue_core.worker.executors.report import MAX_BYTES

_LOOK_SECONDS = 0.1


class Child:
    """A child that runs calls and says a line for each.  `close` is due.

    begun: whether it has begun with the call that it was told last.  signal, exit_status: how it ended; None as long as
    it has not."""

    def __init__(self, pid: int, reading_end: int, writing_end: int):
        self.pid = pid
        self.begun = True
        self.signal = None
        self.exit_status = None
        self._said = b""
        self._ended = False
        self._reports, self._orders = reading_end, writing_end
        os.set_blocking(reading_end, False)
        self._process = _pidfd(pid)
        self._poll = select.poll()
        for descriptor in filter(None, (self._reports, self._process)):
            self._poll.register(descriptor, select.POLLIN)

    @property
    def report(self) -> bytes | None:
        """The line about the call that it was told last; None before it has been said."""
        line, end, _ = self._said.partition(b"\n")
        return line if end else None

    def tell(self, position: int) -> bool:
        """Tells it the next call; False when it is no more."""
        self.begun, self._said = False, b""
        try:
            os.write(self._orders, b"%d\n" % position)
        except OSError:
            return False
        return True

    def wait(self, seconds: float) -> bool:
        """Whether the child has reported or ended, after at most about `seconds`; may give False earlier."""
        if self._process is None:
            seconds = min(seconds, _LOOK_SECONDS)
        self._poll.poll(max(seconds, 0) * 1000)
        self._read()
        return self.report is not None or self.has_ended()

    def has_ended(self) -> bool:
        return self._ended or self._reap(os.WNOHANG)

    def kill(self) -> None:
        if not self._ended:
            os.kill(self.pid, signal.SIGKILL)
            self._reap(0)

    def close(self) -> None:
        """A child that is still there ends by itself, since nobody tells it anything any more."""
        for descriptor in filter(None, (self._reports, self._orders, self._process)):
            os.close(descriptor)
        self._reports = self._orders = self._process = None

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
        while self._reports is not None:
            try:
                part = os.read(self._reports, 65_536)
            except BlockingIOError:
                return
            if not part:
                self._stop_listening()
                return
            self._hear(part)

    def _hear(self, part):
        if not self.begun:
            # the first line after an order only says that it was taken
            self.begun, part = True, part.removeprefix(b"\n")
        # past the limit it is no report of ours, but it must be read on or the child would block
        self._said = (self._said + part)[: MAX_BYTES + 2]

    def _stop_listening(self):
        with contextlib.suppress(KeyError):
            self._poll.unregister(self._reports)


def _pidfd(pid):
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None  # not Linux, or forbidden in this container: the end is noticed within a tenth of a second
