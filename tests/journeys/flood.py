"""A shop in a flood of errors.  It imports no engine, so workers of both sides run its functions."""

import json
import os
from pathlib import Path

EACH = 50
"""One order of so many is declined by the bank itself."""


class CardDeclined(Exception):
    """The bank answers, and says no."""


def charge(number: int) -> None:
    """Writes down the order once the bank is up, which a file in the folder of the shop says."""
    folder = Path(os.environ["TILL_FOLDER"])
    if not (folder / "bank-is-up").exists():
        raise ConnectionError(f"the bank refused order {number}")
    if number % EACH == EACH - 1:
        raise CardDeclined(f"the card of order {number} is declined")
    with open(folder / "charged", "a") as file:
        file.write(f"{number}\n")


def read_form(number: int) -> None:
    """Fails for good: what a visitor sent is no form."""
    json.loads(f"<form {number}>")


def send_parcel(number: int) -> None:
    """Fails for now: the order has no address."""
    raise LookupError(f"order {number} has no address")
