"""How many pieces of each product are left."""

import json
from collections import Counter

from queue_core import periodic
from samples.places import output_file, write
from samples.shop import order_book
from samples.shop.background import engine
from samples.shop.tables import products


@engine.task(queue="reports.stock", schedule=periodic(minutes=1))
def count_stock():
    write_stock()


def write_stock():
    """The path of a JSON file: sku -> pieces left, less than 0 when too much was sold."""
    sold = Counter()
    for order in order_book.everything():
        for line in order.lines:
            sold[line.sku] += line.quantity
    left = {sku: int(row["stock"]) - sold[sku] for sku, row in products().items()}
    return write(output_file("stock.json"), json.dumps(left, indent=1, sort_keys=True).encode())
