"""The nightly report: what every customer ordered, in euro."""

import csv
import io
from collections import defaultdict
from decimal import Decimal

from queue_core import cron_expr
from samples.places import output_file, write
from samples.shop import order_book
from samples.shop.background import engine


@engine.task(queue="reports.nightly", schedule=cron_expr("15 2 * * *"))
def report_turnover():
    write_turnover()


def write_turnover():
    """The path of a CSV: customer, orders, euro; the last row sums up."""
    orders_of = defaultdict(list)
    for order in order_book.everything():
        orders_of[order.customer].append(order.total_in_euro)
    rows = [(customer, len(totals), sum(totals)) for customer, totals in sorted(orders_of.items())]
    rows.append(("all", sum(row[1] for row in rows), sum((row[2] for row in rows), Decimal("0.00"))))
    return write(output_file("turnover.csv"), _as_csv([("customer", "orders", "euro"), *rows]))


def _as_csv(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
