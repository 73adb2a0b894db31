import pytest


def test_the_letter_names_the_sum_and_the_invoice(shop):
    order = shop.orders.import_file("acme", "2026-03-02.csv")[0]
    shop.invoices.write_invoice("acme", order.id)
    letter = shop.reminders.write_letter("acme", order.id).read_text(encoding="utf-8")
    assert f"{order.total:,.2f} GBP" in letter
    assert f"{order.id}.pdf" in letter


def test_without_an_invoice_there_is_no_letter(shop):
    from samples.shop.errors import InvoiceMissing

    order = shop.orders.import_file("acme", "2026-03-02.csv")[0]
    with pytest.raises(InvoiceMissing):
        shop.reminders.write_letter("acme", order.id)
