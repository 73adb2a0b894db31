"""A day's orders: puts one of everything into the queues."""

import datetime

from tests.interop.app import orders
from tests.interop.app.instance import tiger

HOUR = datetime.timedelta(hours=1)


def main():
    for number in (1, 2, 2, 1):
        orders.pack.delay(number)
        orders.receive.delay(number)
    for colour in ("red", "blue"):
        tiger.delay(orders.label, kwargs={"number": 7, "colour": colour})
    for account in ("a", "a", "b"):
        orders.book.delay(account)
        orders.transfer.delay(account=account, amount=3)
    for item, kind in (("hat", "out"), ("cat", "gone"), ("vase", "broken")):
        orders.reserve.delay(item, kind)
    orders.count.delay("beads")
    orders.wait_for.delay("rain")
    orders.ask_again.delay("loud", True)
    orders.ask_again.delay("quiet", False)
    orders.drag_on.delay()
    orders.inspect.delay("well")
    orders.inspect.delay("broken")
    for number in range(3):
        orders.index.delay(number)
        orders.index_slowly.delay(number)
    tiger.delay(orders.receive, args=["later"], when=HOUR, queue="later")
    tiger.delay(orders.receive, args=["some day"], when=datetime.datetime(2031, 2, 3, 4, 5, 6), queue="later")
    tiger.delay(
        orders.receive, args=["soon"], when=datetime.timedelta(seconds=0.2), hard_timeout=5, max_stored_executions=1
    )


if __name__ == "__main__":
    main()
