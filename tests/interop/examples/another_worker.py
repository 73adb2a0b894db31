"""A worker beside the one that runs the scene."""

import tasktiger

from tests.interop.both.scene import QUICK, connect

if __name__ == "__main__":
    tiger = tasktiger.TaskTiger(connection=connect(), config=QUICK, setup_structlog=True)
    tasktiger.Worker(tiger).run(once=True)
