import json


def test_what_was_ordered_is_taken_off_the_stock(shop):
    before = json.loads(shop.stock.write_stock().read_text())
    orders = shop.orders.import_file("acme", "2026-03-02.csv")
    after = json.loads(shop.stock.write_stock().read_text())
    sold = sum(line.quantity for order in orders for line in order.lines)
    assert sum(before.values()) - sum(after.values()) == sold > 0
