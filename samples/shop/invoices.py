"""Invoices: a page for the browser and a PDF for each imported order."""

import html

from queue_core import fixed
from samples.places import output_file, write
from samples.shop import order_book, reminders, webhooks
from samples.shop.background import engine
from samples.shop.errors import InvoiceFailed, OrderUnknown
from samples.shop.formats import pdf
from samples.shop.tables import customers, products


# unique: asking twice for an invoice that is not written yet must not write it twice
@engine.task(
    queue="invoices",
    unique=True,
    unique_key=("customer", "order_id"),
    retry_on=[OrderUnknown],
    retry_method=fixed(15, 3),
)
def build_invoice(customer, order_id):
    """Writes the invoice, tells the customer's system and plans a reminder."""
    write_invoice(customer, order_id)
    webhooks.request_delivery(customer, "invoice.ready", order_id)
    reminders.plan_reminder(customer, order_id)


def request_invoice(customer: str, order_id: str):
    return engine.delay(
        build_invoice, kwargs={"customer": customer, "order_id": order_id}, queue=f"invoices.{customer}"
    )


def write_invoice(customer: str, order_id: str) -> list:
    """The paths of the two files written.  Raises OrderUnknown, InvoiceFailed."""
    order = order_book.find(customer, order_id)
    try:
        lines = _text(order)
    except KeyError as error:
        raise InvoiceFailed(f"Order {order_id} of {customer} cannot be billed: {error} is not known.") from error
    place = output_file("invoices", customer, f"{order_id}.html")
    return [write(place, _page(order.id, lines)), write(place.with_suffix(".pdf"), pdf.from_lines(lines))]


def _text(order):
    address = customers()[order.customer]
    positions = [_position(line, order.currency) for line in order.lines]
    return [
        f"INVOICE {order.id}",
        "",
        address["name"],
        f"{address['city']}, {address['country']}",
        f"Ordered on {order.ordered_on:%d %B %Y}",
        "",
        *positions,
        "",
        f"{'Total':<44}{order.total:>12,.2f} {order.currency}",
        f"{'':<44}{order.total_in_euro:>12,.2f} EUR",
    ]


def _position(line, currency):
    name = products()[line.sku]["name"]
    return f"{line.number:>2}  {line.quantity:>4} x {name:<32.32}{line.amount:>13,.2f} {currency}"


def _page(title, lines):
    text = html.escape("\n".join(lines))
    return f"<!doctype html><meta charset=utf-8><title>Invoice {html.escape(title)}</title><pre>{text}</pre>\n".encode()
