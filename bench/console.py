"""Every page of the console over a million errors and 10,000 queues: `bin/bench console [--scale N] [--times N]`.

Exit status 1 when a page takes more than 100 ms at the 95th percentile, answers with an error, or occupies Redis for
more than 10 ms at a time.  Method: bench/README.md
"""

import os
import platform
import sys
import tempfile
from pathlib import Path

import click
import redis

from bench.console_pages.addresses import addresses
from bench.console_pages.fill import SETTINGS, Sizes, fill
from bench.console_pages.measure import Cost, measure
from console import create_app
from console.garbage import keep_out_of_collections
from console.settings import ConsoleSettings
from queue_core import Engine
from queue_core.embedded import Server
from tests.console.visitor import PASSWORD, Visitor

MOST_MS = 100.0
MOST_SEARCHED_MS = 400.0
"""A query that says nothing of queue or state has to read tasks, for `queue_core.search.BUDGET_SECONDS` at most."""
_MEMORY_ONLY = {"appendonly": "no"}


@click.command()
@click.option("--scale", default=1, show_default=True, type=click.IntRange(1), help="So many times smaller.")
@click.option("--times", default=30, show_default=True, type=click.IntRange(1), help="Visits of each page.")
@click.option("--only", default="", help="Only addresses that hold this text.")
def main(scale, times, only):
    """Open every page, and print what it cost."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder, options=_MEMORY_ONLY).start()
        try:
            print(f"{server.title}, Python {platform.python_version()}, {os.cpu_count()} processors, scale 1:{scale}")
            costs = [cost for cost in visits(server.url, Sizes().at(scale), times, only) if not print(shown(cost))]
            memory = Path(f"/proc/{server.pid}/status").read_text().split("VmHWM:")[1].split("kB")[0].strip()
        finally:
            server.stop()
    print(f"Redis took {int(memory) / 1e6:.1f} GB; a load of {os.getloadavg()[1]:.1f} on the machine")
    wrong = [f"{cost.address.route}: {fault}" for cost in costs for fault in faults(cost)]
    print("\n".join([f"{len(wrong)} WRONG", *wrong]) if wrong else f"{len(costs)} pages, nothing is wrong")
    sys.exit(1 if wrong else 0)


def visits(url: str, sizes: Sizes, times: int, only: str = ""):
    """Fills the Redis at `url`, and gives the Cost of each page in turn."""
    engine = Engine(url, SETTINGS)
    fill(engine, sizes)
    engine.people.add("bench", PASSWORD, "admin")
    app = create_app(engine, ConsoleSettings())
    visitor = Visitor(app)
    visitor.log_in("bench")
    keep_out_of_collections()
    print(_HEAD)
    with redis.Redis.from_url(url) as raw:
        for address in addresses(app, engine):
            if only in address.path:
                yield measure(visitor.client, address, raw, times)
    engine.close()


def faults(cost: Cost):
    """What is wrong with a page, in words."""
    if cost.status >= 400:
        yield f"answers {cost.status}"
    if cost.p95_ms > (MOST_SEARCHED_MS if cost.address.searches else MOST_MS) and not cost.download:
        yield f"p95 is {cost.p95_ms:.0f} ms"
    for one in cost.slow:
        yield f"Redis was held up: {one}"


_HEAD = f"{'p50 ms':>8}{'p95 ms':>8}{'cpu ms':>8}{'commands':>10}{'slowest ms':>12}{'bytes':>9}  page"


def shown(cost: Cost) -> str:
    return (
        f"{cost.p50_ms:8.1f}{cost.p95_ms:8.1f}{cost.cpu_ms:8.1f}{cost.commands:10}{cost.slowest_ms:12.2f}"
        f"{cost.size:9}  {cost.address.route}"
    )


if __name__ == "__main__":
    main()
