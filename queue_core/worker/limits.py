"""How long a run may last: its hard timeout, its lease, and the life of the process that started it."""

import mmap
import os
import signal
import struct
import sys

from queue_core.clock import monotonic
from queue_core.errors import JobTimeoutException
from queue_core.parent_death import end_with_parent

REPEAT_SECONDS = 5.0
MOST_INTERRUPTS = 3
_LONGEST_TIMER_SECONDS = 86_400.0


class LeaseEnd:
    """The moment at which the lease of what runs now is over, in memory that a forked child shares.

    The parent moves it with every heartbeat.  When the parent is stopped nobody moves it, and the child ends itself."""

    def __init__(self):
        self._memory = mmap.mmap(-1, 8)
        self.set_in(0.0)

    def set_in(self, seconds: float) -> None:
        self._memory[:8] = struct.pack("d", monotonic() + seconds)

    @property
    def left_seconds(self) -> float:
        return struct.unpack("d", self._memory[:8])[0] - monotonic()


class Alarm:
    """A context in which the main thread is interrupted when its time is up.

    After `hard_timeout_seconds` JobTimeoutException is raised, and again every five seconds if the task swallowed it;
    instead of a fourth time the process leaves with status 1.  When the lease is over `on_lease_over` is called; it
    does not return.  An alarm inside another one counts in its stead, and keeps watch over the other's lease.

    One timer serves both: what is due is looked up when it fires, because heartbeats move the end of the lease.

    rang: whether this one, or one inside it, has interrupted."""

    _innermost = None

    def __init__(self, hard_timeout_seconds: float, lease_end: LeaseEnd | None = None, on_lease_over=None):
        self.hard_timeout_seconds = hard_timeout_seconds
        self.interrupts = 0
        self.rang = False
        self._lease_end = lease_end
        self._on_lease_over = on_lease_over
        self._armed = False

    def __enter__(self):
        self._outer = Alarm._innermost
        if self._outer is not None and self._lease_end is None:
            self._lease_end, self._on_lease_over = self._outer._lease_end, self._outer._on_lease_over
        self._look_at_the_lease()  # this process may have been stopped since somebody looked last
        self._interrupt_at = monotonic() + self.hard_timeout_seconds
        self._previous = signal.signal(signal.SIGALRM, self._fired)
        Alarm._innermost, self._armed = self, True
        self._set_timer()
        return self

    def __exit__(self, *_):
        self.disarm()

    def disarm(self) -> None:
        """Puts the timer away; to be called again when the leaving of the context was itself interrupted."""
        if not self._armed:
            return
        # from here on a signal that is already on its way is ignored
        self._armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._previous or signal.SIG_DFL)
        Alarm._innermost = self._outer
        if self._outer is not None:
            self._outer.rang |= self.rang
            self._outer._set_timer()

    def ring(self) -> None:
        """Interrupts now, whatever time is left.  To be called by another thread; nothing happens once it is over."""
        self._interrupt_at = monotonic()
        signal.setitimer(signal.ITIMER_REAL, 0.001)

    def _set_timer(self):
        left = self._interrupt_at - monotonic()
        if self._lease_end is not None:
            left = min(left, self._lease_end.left_seconds)
        signal.setitimer(signal.ITIMER_REAL, min(max(left, 0.001), _LONGEST_TIMER_SECONDS))

    def _look_at_the_lease(self):
        if self._lease_end is not None and self._lease_end.left_seconds <= 0:
            self._on_lease_over()

    def _fired(self, _signal, _frame):
        if not self._armed:
            return
        self._look_at_the_lease()
        if monotonic() < self._interrupt_at:
            self._set_timer()
            return
        self._interrupt()

    def _interrupt(self):
        if self.interrupts == MOST_INTERRUPTS:
            sys.stderr.write("task swallowed its hard timeout again and again, leaving\n")
            sys.stderr.flush()
            os._exit(1)
        self.interrupts += 1
        self.rang = True
        self._interrupt_at = monotonic() + REPEAT_SECONDS
        self._set_timer()
        raise JobTimeoutException(f"Job exceeded maximum timeout value ({int(self.hard_timeout_seconds)} seconds).")


def die_with_parent(parent_pid: int) -> None:
    """From now on the kernel kills this process when the thread that forked it ends; if that is so already, leave."""
    end_with_parent(signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(1)
