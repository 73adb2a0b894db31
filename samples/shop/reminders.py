"""Reminders: a letter some time after the invoice."""

import datetime

from queue_core import linear
from samples.places import output_file, write
from samples.shop import order_book
from samples.shop.background import engine
from samples.shop.errors import InvoiceMissing
from samples.shop.tables import customers

TERM = datetime.timedelta(minutes=10)
"""From invoice to reminder.  A shop would wait for two weeks; here one wants to see it happen."""


@engine.task(
    queue="reminders",
    unique=True,
    unique_key=("customer", "order_id"),
    retry_on=[InvoiceMissing],
    retry_method=linear(10, 10, 3),
)
def remind(customer, order_id):
    write_letter(customer, order_id)


def plan_reminder(customer: str, order_id: str, after: datetime.timedelta = TERM):
    return engine.delay(
        remind, kwargs={"customer": customer, "order_id": order_id}, queue=f"reminders.{customer}", when=after
    )


def write_letter(customer: str, order_id: str):
    """The path of the letter.  Raises OrderUnknown, InvoiceMissing."""
    order = order_book.find(customer, order_id)
    invoice = output_file("invoices", customer, f"{order_id}.pdf")
    if not invoice.is_file():
        raise InvoiceMissing(f"There is no invoice for order {order_id} of {customer} to remind of.")
    letter = (
        f"To {customers()[customer]['name']}\n\n"
        f"We have not seen your payment of {order.total:,.2f} {order.currency} for order {order.id}\n"
        f"of {order.ordered_on:%d %B %Y}.  The invoice is {invoice.name}.\n"
    )
    return write(output_file("letters", customer, f"{order_id}.txt"), letter.encode())
