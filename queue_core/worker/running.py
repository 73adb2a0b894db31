"""What runs in this process now."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Running:
    """tasks: those that the run is for, several only in a batch.  batch: the function gets them as one list.
    func: its wire name."""

    tasks: tuple
    batch: bool
    func: str


# a program that runs its tasks eagerly may do so in several threads, which end in any order
_inside: list["inside"] = []


class inside:
    """A context in which `current()` gives these tasks; process-wide, so that a task's own threads see it too."""

    def __init__(self, tasks, batch: bool = False):
        self.running = Running(tuple(tasks), bool(batch), tasks[0].serialized_func)

    def __enter__(self):
        _inside.append(self)

    def __exit__(self, *_):
        _inside.remove(self)


def current() -> Running:
    """What runs here.  Raises RuntimeError outside a run."""
    try:
        return _inside[-1].running
    except IndexError:
        raise RuntimeError("No task is running in this process.") from None
