"""Which calls of the shop's functions the shipped input allows: what the traffic and the demo choose from."""

from functools import cache
from typing import NamedTuple

from samples.places import DATA, input_file
from samples.shop import images as shop_images
from samples.shop import order_files as reading
from samples.shop.errors import ImageDamaged, RowRefused
from samples.shop.formats import scan
from samples.shop.tables import customers

PARTNERS = ("swift", "tortoise")
THUMBNAIL_WIDTHS = (8, 12, 16, 24)


class Inputs(NamedTuple):
    """Files of one kind, found out by looking into them."""

    sound: list
    malformed: list


@cache
def order_files() -> Inputs:
    """(customer, file name) of each order file."""
    files = [(customer, path.name) for customer in customers() for path in _files("orders", customer)]
    return _sorted_out(files, _orders)


@cache
def orders() -> list[tuple[str, str]]:
    """(customer, order number) of every order in a sound file."""
    return [(file[0], order.id) for file in order_files().sound for order in _orders(file)]


@cache
def images() -> Inputs:
    """The name of each picture."""
    return _sorted_out([path.name for path in _files("images")], _picture)


@cache
def scans() -> Inputs:
    """The name of each raw scan.  They are not opened, since that can kill the process."""
    return _sorted_out([path.name for path in _files("scans")], _is_whole_scan)


def _sorted_out(inputs, look):
    """By whether `look` gives something."""
    judged = [(look(one), one) for one in inputs]
    return Inputs([one for good, one in judged if good], [one for good, one in judged if not good])


def _orders(file):
    customer, file_name = file
    try:
        return reading.read(input_file("orders", customer, file_name), customer)
    except (RowRefused, UnicodeDecodeError):
        return None


def _picture(name):
    try:
        return shop_images.open_picture(name)
    except ImageDamaged:
        return None


def _is_whole_scan(name):
    raw = input_file("scans", name).read_bytes()
    if len(raw) < scan.HEAD.size:
        return False
    _, width, height = scan.HEAD.unpack_from(raw)
    return len(raw) == scan.HEAD.size + width * height


def _files(*parts):
    return sorted(DATA.joinpath(*parts).iterdir())
