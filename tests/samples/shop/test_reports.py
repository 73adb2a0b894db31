import csv
from decimal import Decimal


def test_the_turnover_adds_up(shop):
    orders = [
        order
        for customer in ("acme", "zephyr")
        for day in (2, 3)
        for order in shop.orders.import_file(customer, f"2026-03-0{day}.csv")
    ]
    with shop.reports.write_turnover().open(newline="") as file:
        *rows, total = csv.DictReader(file)
    assert [row["customer"] for row in rows] == ["acme", "zephyr"]
    assert Decimal(total["euro"]) == sum(order.total_in_euro for order in orders)
    assert int(total["orders"]) == len(orders)


def test_without_orders_the_report_says_zero(shop):
    assert shop.reports.write_turnover().read_text() == "customer,orders,euro\nall,0,0.00\n"
