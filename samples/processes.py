"""What runs beside a worker so that the sample application has something to do, as data for `signalbox up`.

All of them read REDIS_URL, and SHOP_OUTPUT for the folder of the shop's output (see `samples.places`).
"""

import sys

WORKER_MODULES = ("samples.shop",)
"""The modules that a worker of the sample application serves (`signalbox worker -m …`)."""

PROCESSES = (
    ("webhook server", (sys.executable, "-m", "samples.webhook_server")),
    ("traffic", (sys.executable, "-m", "samples.traffic")),
)
"""(name, argv) of each further process; all end on SIGTERM, and each may be restarted at any time."""
