"""A child process that ends with its parent, also when the parent is killed with -9 (Linux)."""

import ctypes
import signal
import sys

_PR_SET_PDEATHSIG = 1
# loaded here: a child between fork and exec should not load libraries
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def end_with_parent(signal_number: int = signal.SIGTERM) -> None:
    """Asks the kernel to send `signal_number` to this process when the thread that started it ends.

    To be called in the child, for instance as `preexec_fn`; it outlives an exec.  Elsewhere than on Linux it does
    nothing.  A parent that ended before the call is not noticed: who must know compares `os.getppid()`."""
    if _libc:
        _libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
