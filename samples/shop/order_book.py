"""The imported orders: one JSON file each in the shop's output."""

import datetime
import json
from decimal import Decimal

from samples.places import output_file, write
from samples.shop.errors import OrderUnknown
from samples.shop.order_files import Line, Order


def keep(order: Order) -> None:
    record = {
        "id": order.id,
        "customer": order.customer,
        "ordered_on": order.ordered_on.isoformat(),
        "currency": order.currency,
        "lines": [[line.number, line.sku, line.quantity, str(line.unit_price)] for line in order.lines],
    }
    write(_place(order.customer, order.id), json.dumps(record, indent=1).encode())


def find(customer: str, order_id: str) -> Order:
    """Raises OrderUnknown when it has not been imported."""
    try:
        record = json.loads(_place(customer, order_id).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise OrderUnknown(f"Order {order_id} of {customer} has not been imported.") from error
    return _order(record)


def everything() -> list[Order]:
    """All imported orders, by customer and number."""
    files = sorted(output_file("orders").glob("*/*.json"))
    return [_order(json.loads(path.read_text(encoding="utf-8"))) for path in files]


def _place(customer, order_id):
    return output_file("orders", customer, f"{order_id}.json")


def _order(record):
    lines = [Line(number, sku, quantity, Decimal(price)) for number, sku, quantity, price in record["lines"]]
    day = datetime.date.fromisoformat(record["ordered_on"])
    return Order(record["id"], record["customer"], day, record["currency"], lines)
