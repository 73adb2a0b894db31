"""The shop's small tables: customers, products, currencies.  Read once per process."""

import csv
from decimal import Decimal
from functools import cache

from samples.places import input_file


@cache
def customers() -> dict[str, dict]:
    """Customer -> {"customer", "name", "city", "country"}."""
    return _rows("customers.csv", "customer")


@cache
def products() -> dict[str, dict]:
    """Sku -> {"sku", "name", "stock"}."""
    return _rows("products.csv", "sku")


@cache
def euro_rates() -> dict[str, Decimal]:
    """Currency -> how many euro one unit of it is."""
    return {code: Decimal(row["euro"]) for code, row in _rows("currencies.csv", "code").items()}


def _rows(file_name, key):
    with input_file(file_name).open(newline="", encoding="utf-8") as file:
        return {row[key]: row for row in csv.DictReader(file)}
