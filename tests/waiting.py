"""Waiting for a condition with a deadline: tests never sleep for a fixed time."""

import time


def wait_until(condition, seconds: float = 10.0, why: str = ""):
    """What `condition()` gives as soon as it is true.  Fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        if met := condition():
            return met
        if time.monotonic() > deadline:
            raise AssertionError(f"Waited {seconds} s in vain{': ' + why if why else ''}; at last it was {met!r}.")
        time.sleep(0.01)
