"""Points at which a test lets this very process die, as `kill -9` would.

SIGNALBOX_CRASH_AT names one: `<moment>:<name>[:<time>][@parent|@child]`, such as

    before:finish           before the script `finish` is sent
    sent:start:2            when `start` is on the wire for the second time, with its reply on the way
    after:claim:3           after the third reply to `claim`
    reached:report@child    at the point `report`, in a forked child only

For a script `sent` exists only on a stream, where replies are not awaited; other points are `reached`.  The variable is
for tests alone.  Where it is not set a point costs one comparison.
"""

import mmap
import os
import re
import signal
from dataclasses import dataclass, field

VARIABLE = "SIGNALBOX_CRASH_AT"

_POINT = re.compile(
    r"(?P<moment>before|sent|after|reached):(?P<name>\w+)(:(?P<time>\d+))?(@(?P<process>parent|child))?"
)


@dataclass
class _Crash:
    moment: str
    name: str
    time: int
    process: str | None
    # a byte that forked children share, so that the times are counted over all of them
    seen: mmap.mmap = field(default_factory=lambda: mmap.mmap(-1, 1))


_crash: _Crash | None = None
_process = "parent"


def arm(text: str | None) -> None:
    """From now on this process, or a child that it forks, dies at that point; None: at none.  Raises ValueError."""
    global _crash, _process
    found = _POINT.fullmatch(text) if text else None
    if text and not found:
        raise ValueError(f"{VARIABLE} = {text!r} is no crash point.")
    _crash = found and _Crash(found["moment"], found["name"], int(found["time"] or 1), found["process"])
    _process = "parent"


def reach(moment: str, name: str) -> None:
    """The process is at this point now."""
    if _crash is not None:
        _meet(_crash, moment, name)


def at(name: str) -> None:
    """The same for a point that is no script."""
    if _crash is not None:
        _meet(_crash, "reached", name)


def die() -> None:
    """As `kill -9` does: no handler runs and nothing is flushed."""
    os.kill(os.getpid(), signal.SIGKILL)


def _meet(crash, moment, name):
    if (moment, name) != (crash.moment, crash.name) or crash.process not in (None, _process):
        return
    times = min(crash.seen[0] + 1, 255)
    crash.seen[0] = times
    if times == crash.time:
        die()


def _become_child():
    global _process
    _process = "child"


os.register_at_fork(after_in_child=_become_child)
arm(os.environ.get(VARIABLE))
