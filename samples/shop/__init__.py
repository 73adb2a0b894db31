"""A small shop's background work: orders come in as CSV, invoices, pictures, messages and reports go out.

`engine` is its queue engine; importing this package registers every task function on it.
"""

from samples.shop import images, invoices, orders, partners, reminders, reports, stock, webhooks
from samples.shop.background import engine

__all__ = ["engine", "images", "invoices", "orders", "partners", "reminders", "reports", "stock", "webhooks"]
