"""An application with recurring work, in the words of either side."""

import os
import time

try:
    from tasktiger import TaskTiger, periodic
except ImportError:
    from queue_core import Engine as TaskTiger
    from queue_core import periodic

TICKS_VARIABLE = "INTEROP_TICKS"
"""The file into which the recurring task writes."""

tiger = TaskTiger(lazy_init=True)


@tiger.task(queue="ticks", schedule=periodic(seconds=1))
def tick():
    with open(os.environ[TICKS_VARIABLE], "a") as file:
        file.write(f"{time.time()}\n")
