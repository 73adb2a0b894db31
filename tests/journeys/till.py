"""The application of the journeys: a till whose payments fail until somebody mends the exchange rates."""

import os
from pathlib import Path

from queue_core import Engine

engine = Engine()


class PaymentRefused(Exception):
    """The payment cannot be made."""


@engine.task(queue="payments.eu")
def charge(order_id: str, amount: int) -> None:
    """Writes a receipt, at the rate that lies in the shop's folder."""
    folder = Path(os.environ["TILL_FOLDER"])
    try:
        rate = float((folder / "rate").read_text())
    except FileNotFoundError as error:
        raise PaymentRefused(f"order {order_id}: there is no exchange rate") from error
    (folder / f"receipt-{order_id}").write_text(f"{amount * rate:.2f}")


@engine.task(queue="mail.letters")
def send_letter(number: int) -> None:
    """Puts a letter into the shop's folder."""
    (Path(os.environ["TILL_FOLDER"]) / f"letter-{number}").write_text("Dear customer")
