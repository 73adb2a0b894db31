"""Time limits that an application's runner can set for itself."""

from queue_core.errors import JobTimeoutException
from queue_core.worker.limits import Alarm

__all__ = ["BaseDeathPenalty", "JobTimeoutException", "UnixSignalDeathPenalty"]


class BaseDeathPenalty:
    """A context that ends what runs inside after `timeout` seconds.  How, its subclasses say."""

    def __init__(self, timeout):
        self._timeout = timeout

    def __enter__(self):
        self.setup_death_penalty()
        return self

    def __exit__(self, *_):
        self.cancel_death_penalty()
        return False

    def setup_death_penalty(self):
        raise NotImplementedError

    def cancel_death_penalty(self):
        raise NotImplementedError


class UnixSignalDeathPenalty(BaseDeathPenalty):
    """By a signal, in the main thread: JobTimeoutException is raised, and again if it is swallowed.

    Inside a worker's own limit this one counts in its stead; the end of the lease is watched all the same."""

    def setup_death_penalty(self):
        self._alarm = Alarm(self._timeout)
        self._alarm.__enter__()

    def cancel_death_penalty(self):
        self._alarm.__exit__()
