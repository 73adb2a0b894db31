"""Functions that run as tasks here and nowhere else."""

from pathlib import Path

from queue_core import Engine, periodic

engine = Engine("unix:///nowhere")


def fail_without(path):
    """Succeeds once the file is there."""
    if not Path(path).exists():
        raise ValueError("the file is not there yet")


@engine.task(schedule=periodic(hours=1), queue="failing")
def fail_every_hour():
    raise ValueError("no such report")
