"""A customer who stays until released, and one who comes after."""

import os
import time

from tests.interop.app.instance import journal, tiger


@tiger.task
def stay(name):
    journal("begin")
    while not os.path.exists(os.environ["SCENE_RELEASED"]):
        time.sleep(0.01)
    journal("end")


if __name__ == "__main__":
    from tests.interop.app.visit import stay

    for name in ("first", "second"):
        stay.delay(name)
