"""The shop's worker, with its errors reported to Rollbar."""

import logging
import os
import sys

import rollbar
from tasktiger.rollbar import StructlogRollbarHandler

from tests.interop.app import orders  # noqa: F401 - its functions are registered
from tests.interop.app.instance import tiger

if __name__ == "__main__":
    rollbar.init(
        "an access token",
        "production",
        handler="blocking",
        endpoint=os.environ["SCENE_ROLLBAR"],
        allow_logging_basic_config=False,
    )
    handler = StructlogRollbarHandler("TaskTiger")
    handler.setLevel(logging.ERROR)
    tiger.log.addHandler(handler)
    tiger.run_worker_with_args(sys.argv[1:])
