"""What can go wrong in the shop.

ShopError
├── RowRefused         one line of an order file cannot be used
├── ImportFailed       an order file was refused as a whole
├── OrderUnknown       the order has not been imported (yet)
├── InvoiceFailed      an order cannot be billed
├── InvoiceMissing     the invoice has not been written (yet)
├── ImageDamaged       a picture cannot be read
├── AnswerRefused      a receiver answered with an error
└── DeliveryFailed     a message did not reach its receiver
"""


class ShopError(Exception):
    """The base of the shop's errors."""


class RowRefused(ShopError):
    """One line of an order file cannot be used."""


class ImportFailed(ShopError):
    """An order file was refused as a whole; nothing of it was kept."""


class OrderUnknown(ShopError):
    """The order has not been imported (yet)."""


class InvoiceFailed(ShopError):
    """The order cannot be billed."""


class InvoiceMissing(ShopError):
    """The invoice has not been written (yet)."""


class ImageDamaged(ShopError):
    """The picture cannot be read."""


class AnswerRefused(ShopError):
    """The receiver answered with an error."""


class DeliveryFailed(ShopError):
    """The message did not reach its receiver."""
