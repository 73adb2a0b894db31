"""Orders, and reading them from a customer's CSV file.  A file with one wrong line is refused as a whole.

Columns: order_id, line, ordered_on (year-month-day), sku, quantity, unit_price, currency.  Lines with the same order_id
make one order.
"""

import csv
import datetime
import re
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from pathlib import Path

from samples.shop.errors import RowRefused
from samples.shop.tables import euro_rates

ORDER_ID = re.compile(r"[A-Z]{2}-\d{4,8}")


@dataclass(frozen=True)
class Line:
    """One position of an order."""

    number: int
    sku: str
    quantity: int
    unit_price: Decimal

    @property
    def amount(self) -> Decimal:
        return self.quantity * self.unit_price


@dataclass
class Order:
    """What a customer ordered on one day, in one currency."""

    id: str
    customer: str
    ordered_on: datetime.date
    currency: str
    lines: list[Line]

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def total_in_euro(self) -> Decimal:
        return round(self.total * euro_rates()[self.currency], 2)


def read(path: Path, customer: str) -> list[Order]:
    """The orders of a file, in its order.  Raises RowRefused; UnicodeDecodeError for a file that is not UTF-8."""
    orders = {}
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file, restval="")
        for row in rows:
            _add(orders, customer, row, rows.line_num)
    return list(orders.values())


def _add(orders, customer, row, line_number):
    try:
        order = _order(customer, row)
        line = _line(row)
    except KeyError as error:
        raise RowRefused(f"line {line_number}: there is no column {error}") from error
    except ValueError as error:
        raise RowRefused(f"line {line_number}: {error}") from error
    order = orders.setdefault(order.id, order)
    if any(line.number == present.number for present in order.lines):
        raise RowRefused(f"line {line_number}: line {line.number} of order {order.id} is there twice")
    order.lines.append(line)


def _order(customer, row):
    order_id, currency = row["order_id"], row["currency"]
    if not ORDER_ID.fullmatch(order_id):
        raise ValueError(f"order_id is {order_id!r}; two letters, a dash and digits were expected")
    return Order(order_id, customer, _date(row["ordered_on"]), _currency(currency), [])


def _line(row):
    quantity = int(row["quantity"])
    if quantity < 1:
        raise ValueError(f"quantity is {quantity}; at least 1 was expected")
    return Line(int(row["line"]), row["sku"], quantity, _price(row["unit_price"]))


def _date(text):
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"ordered_on is {text!r}, which is no day of the calendar") from error


def _currency(code):
    try:
        euro_rates()[code]
    except KeyError as error:
        raise ValueError(f"currency is {code!r}; known are {', '.join(sorted(euro_rates()))}") from error
    return code


def _price(text):
    try:
        return Decimal(text)
    except DecimalException as error:
        raise ValueError(f"unit_price is {text!r}, which is not a number") from error
