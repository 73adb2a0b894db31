"""Importing a customer's orders."""

from samples.places import input_file
from samples.shop import invoices, order_book, order_files
from samples.shop.background import engine
from samples.shop.errors import ImportFailed, RowRefused


# one import per customer at a time: two files may correct the same order
@engine.task(queue="orders", lock=True, lock_key=("customer",))
def import_orders(customer, file_name):
    """Keeps the orders of one file and asks for their invoices.  No retry: a wrong file stays wrong."""
    for order in import_file(customer, file_name):
        invoices.request_invoice(customer, order.id)


def request_import(customer: str, file_name: str):
    """Queues the import on the customer's own queue; gives the task."""
    return engine.delay(
        import_orders, kwargs={"customer": customer, "file_name": file_name}, queue=f"orders.{customer}"
    )


def import_file(customer: str, file_name: str) -> list[order_files.Order]:
    """The orders of the file, kept in the order book.  Raises ImportFailed, and then keeps nothing."""
    path = input_file("orders", customer, file_name)
    try:
        orders = order_files.read(path, customer)
    except (RowRefused, UnicodeDecodeError) as error:
        raise ImportFailed(f"{customer}/{file_name} was refused: {error}") from error
    for order in orders:
        order_book.keep(order)
    return orders
