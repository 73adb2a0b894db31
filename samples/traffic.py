"""Gentle steady work for the shop: `python -m samples.traffic`.

About one task a second, and what follows from it.  The same seed gives the same sequence.  With many errors in all it
sends no malformed input any more, and a queue with enough waiting or failed tasks gets nothing, so it can run for
weeks.  When Redis is away it waits; it may be restarted at any time.
"""

import random
import sys

import click

from queue_core.errors import StoreError
from samples import catalogue
from samples.shop import engine, images, orders, partners, webhooks
from samples.signals import stop_event

ENOUGH_WAITING = 100
ENOUGH_ERRORS = 200
ENOUGH_ERRORS_IN_ALL = 400
MALFORMED_SHARE = 0.1
LONGEST_WAIT_SECONDS = 10.0
OPENING = (("acme", "2026-03-02.csv"), ("acme", "2026-03-04.csv"))
"""A sound file and a malformed one, so that one sees both at once."""


class Traffic:
    """Chooses the next request of the shop's customers."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.only_sound = False
        self._opening = list(OPENING)

    def next_request(self):
        """(queue, call): the call puts one task on that queue."""
        if self._opening:
            return self._import(self._opening.pop(0))
        kinds = (self._import, self._check, self._thumbnail, self._scan, self._message, self._parcel)
        return self.random.choices(kinds, weights=(8, 30, 30, 8, 18, 6))[0]()

    def _import(self, file=None):
        customer, file_name = file or self._one_of(catalogue.order_files())
        return f"orders.{customer}", lambda: orders.request_import(customer, file_name)

    def _check(self):
        name = self._one_of(catalogue.images())
        return "images.check", lambda: images.check_image.delay(name)

    def _thumbnail(self):
        name, width = self._one_of(catalogue.images()), self.random.choice(catalogue.THUMBNAIL_WIDTHS)
        return "images.thumbnails", lambda: images.make_thumbnail.delay(name, width=width)

    def _scan(self):
        name = self._one_of(catalogue.scans())
        return "images.scans", lambda: images.measure_scan.delay(name)

    def _message(self):
        customer, order_id = self.random.choice(catalogue.orders())
        return f"webhooks.{customer}", lambda: webhooks.request_delivery(customer, "order.packed", order_id)

    def _parcel(self):
        partner, weight_grams = self.random.choice(catalogue.PARTNERS), self.random.randrange(200, 9000)
        order_id = self.random.choice(catalogue.orders())[1]
        return f"partners.{partner}", lambda: partners.request_announcement(partner, order_id, weight_grams)

    def _one_of(self, inputs):
        malformed = self.random.random() < MALFORMED_SHARE and not self.only_sound
        return self.random.choice(inputs.malformed if malformed else inputs.sound)


def send_one(traffic: Traffic) -> bool:
    """Whether a task was put on its queue; False: the queue has enough.  Raises StoreError."""
    traffic.only_sound = _errors_in_all() >= ENOUGH_ERRORS_IN_ALL
    queue, call = traffic.next_request()
    sizes = engine.browse.sizes(queue)
    if sizes["queued"] >= ENOUGH_WAITING or sizes["error"] >= ENOUGH_ERRORS:
        return False
    call()
    return True


def _errors_in_all():
    """As the sweeper last counted them; a queue that it could not count adds nothing."""
    snapshot = engine.snapshot.read()
    return sum(counts.error or 0 for counts in snapshot.queues.values()) if snapshot else 0


def run(stop, traffic: Traffic, seconds_between: float) -> None:
    """Sends until `stop` is set."""
    wait_seconds = 0.0
    while not stop.wait(wait_seconds):
        try:
            send_one(traffic)
            wait_seconds = seconds_between
        except StoreError as error:
            wait_seconds = min(max(wait_seconds, 0.5) * 2, LONGEST_WAIT_SECONDS)
            print(f"Redis is away, next attempt in {wait_seconds:.0f} s: {error}", file=sys.stderr, flush=True)


@click.command()
@click.option("--per-second", type=click.FloatRange(0.01, 100), default=1.0, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
def main(per_second, seed):
    """Keep the sample application busy until stopped."""
    run(stop_event(), Traffic(seed), 1 / per_second)


if __name__ == "__main__":
    main()
