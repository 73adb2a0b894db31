"""Which calls of the shop's functions the shipped input allows: what the traffic and the demo choose from."""

from functools import cache

from samples.places import DATA, input_file
from samples.shop import order_files as reading
from samples.shop.errors import RowRefused
from samples.shop.tables import customers

PARTNERS = ("swift", "tortoise")
THUMBNAIL_WIDTHS = (8, 12, 16, 24)


def order_files() -> list[tuple[str, str]]:
    """(customer, file name), the malformed ones among them."""
    return [(customer, path.name) for customer in customers() for path in _files("orders", customer)]


@cache
def orders() -> list[tuple[str, str]]:
    """(customer, order number) of every order in a file that can be read."""
    return [(customer, order.id) for customer, name in order_files() for order in _orders_in(customer, name)]


def images() -> list[str]:
    return [path.name for path in _files("images")]


def scans() -> list[str]:
    return [path.name for path in _files("scans")]


def _orders_in(customer, file_name):
    try:
        return reading.read(input_file("orders", customer, file_name), customer)
    except (RowRefused, UnicodeDecodeError):
        return []


def _files(*parts):
    return sorted(DATA.joinpath(*parts).iterdir())
