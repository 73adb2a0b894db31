"""Real failures: every call of the shop that the shipped input makes fail, run in a forked child as a worker does it.

Nothing is made up here: the tracebacks, the signal that killed a process and the timeouts are those of this machine.
"""

import contextlib
import itertools
import os
import tempfile
import threading
import time
from dataclasses import dataclass

import structlog

from queue_core.outcome import Done, Outcome
from queue_core.payload import Payload
from queue_core.worker.call import Call
from queue_core.worker.executors.fork import ForkExecutor
from queue_core.worker.limits import LeaseEnd
from samples import catalogue, webhook_server
from samples.places import address_file, write
from samples.shop import errors, images, invoices, orders, partners, webhooks

HARD_TIMEOUT_SECONDS = 60.0
UNKNOWN_ORDERS = (("acme", "AC-1990"), ("globex", "GL-2990"), ("tandem", "TA-7990"))
CLOSED_PORT_URL = "http://127.0.0.1:1\n"

TROUBLE = {
    "/hooks/globex": 500,
    "/hooks/tandem": 503,
    "/hooks/zephyr": webhook_server.HANG_UP,
    "/hooks/lindqvist": webhook_server.SILENCE,
    "/partners/tortoise": webhook_server.SILENCE,
}
"""What the webhook server answers every time while the failures are collected."""


@dataclass(frozen=True)
class Wanted:
    """One call of a task function, on the queue where it belongs."""

    queue: str
    function: object
    args: tuple = ()
    kwargs: tuple = ()


@dataclass(frozen=True)
class Failure:
    """A call, and how its run ended."""

    wanted: Wanted
    outcome: Outcome


def collect() -> tuple[list[Failure], list[Wanted]]:
    """(every failing call with its outcome, calls that end well); takes about ten seconds."""
    with _folder_of_its_own():
        good, failures = [_import(*file) for file in catalogue.order_files().sound], []
        for wanted in _calls_without_network():
            _sort(wanted, good, failures)
        with _webhook_server_in_trouble():
            for wanted in _calls_to_receivers_in_trouble():
                _sort(wanted, good, failures)
        write(address_file(), CLOSED_PORT_URL.encode())
        _sort(_delivery("harbour", "HA-3020"), good, failures)
    return failures, good


def _sort(wanted, good, failures):
    outcome = run(wanted)
    if isinstance(outcome, Done):
        good.append(wanted)
    else:
        failures.append(Failure(wanted, outcome))


def run(wanted: Wanted) -> Outcome:
    """How the call ends, in a child process."""
    payload = Payload({"id": "0" * 64, "func": "", "args": list(wanted.args), "kwargs": dict(wanted.kwargs)})
    timeout_seconds = getattr(wanted.function, "_task_hard_timeout", None) or HARD_TIMEOUT_SECONDS
    return ForkExecutor(_NoWorker).run(Call(wanted.queue, (payload,), wanted.function, timeout_seconds), _NoLease())


class _NoWorker:
    """Stands in for a worker."""

    now = staticmethod(time.time)
    log = structlog.get_logger("samples")


class _NoLease:
    """Stands in for a worker's heartbeat: nothing is held, so nothing can be lost."""

    next_in_seconds = 1.0
    over = False

    def __init__(self):
        self.lease_end = LeaseEnd()
        self.lease_end.set_in(10 * HARD_TIMEOUT_SECONDS)

    def beat_if_due(self):
        return


def _calls_without_network():
    for customer, file_name in catalogue.order_files().malformed:
        yield _import(customer, file_name)
    for customer, order_id in [*_unbillable_orders(), *UNKNOWN_ORDERS]:
        wish = (("customer", customer), ("order_id", order_id))
        yield Wanted(f"invoices.{customer}", invoices.build_invoice, kwargs=wish)
    for name in itertools.chain(*catalogue.images()):
        yield Wanted("images.check", images.check_image, (name,))
        yield Wanted("images.thumbnails", images.make_thumbnail, (name,), (("width", 12),))
    yield Wanted("images.thumbnails", images.make_thumbnail, (catalogue.images().sound[0],), (("width", 4000),))
    for name in itertools.chain(*catalogue.scans()):
        yield Wanted("images.scans", images.measure_scan, (name,))


def _calls_to_receivers_in_trouble():
    for customer in ("globex", "tandem", "zephyr", "lindqvist"):
        order_id = next(order_id for whose, order_id in catalogue.orders() if whose == customer)
        yield _delivery(customer, order_id)
    yield Wanted("partners.tortoise", partners.announce_parcel, ("tortoise", "OA-5020", 1200))


def _import(customer, file_name):
    wish = (("customer", customer), ("file_name", file_name))
    return Wanted(f"orders.{customer}", orders.import_orders, kwargs=wish)


def _delivery(customer, order_id):
    return Wanted(f"webhooks.{customer}", webhooks.deliver, (customer, "order.packed", order_id))


def _unbillable_orders():
    for customer, file_name in catalogue.order_files().sound:
        orders.import_file(customer, file_name)
    for customer, order_id in catalogue.orders():
        try:
            invoices.write_invoice(customer, order_id)
        except errors.InvoiceFailed:
            yield customer, order_id


@contextlib.contextmanager
def _folder_of_its_own():
    before = os.environ.get("SHOP_OUTPUT")
    with tempfile.TemporaryDirectory(prefix="signalbox-demo-") as folder:
        os.environ["SHOP_OUTPUT"] = folder
        try:
            yield
        finally:
            os.environ.pop("SHOP_OUTPUT")
            if before is not None:
                os.environ["SHOP_OUTPUT"] = before


@contextlib.contextmanager
def _webhook_server_in_trouble():
    turns = {path: itertools.repeat(answer) for path, answer in TROUBLE.items()}
    with webhook_server.Server(turns=turns) as server:
        write(address_file(), server.url.encode())
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
