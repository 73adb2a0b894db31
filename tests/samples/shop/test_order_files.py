import datetime
from decimal import Decimal

import pytest

HEAD = "order_id,line,ordered_on,sku,quantity,unit_price,currency\n"


@pytest.fixture
def read(shop, tmp_path):
    from samples.shop import order_files

    def read_text(text):
        path = tmp_path / "orders.csv"
        path.write_text(text, encoding="utf-8")
        return order_files.read(path, "acme")

    return read_text


def test_lines_with_the_same_number_make_one_order(read):
    one, other = read(HEAD + "AC-1001,1,2026-03-02,SB-100,2,1.50,EUR\nAC-1001,2,2026-03-02,SB-101,1,4,EUR\n"
                      "AC-1002,1,2026-03-02,SB-100,1,10,GBP\n")  # fmt: skip
    assert (one.id, one.total, one.ordered_on) == ("AC-1001", Decimal("7.00"), datetime.date(2026, 3, 2))
    assert [line.sku for line in one.lines] == ["SB-100", "SB-101"]
    assert other.total_in_euro == Decimal("11.70")


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("AC-1001,1,2026-03-02,SB-100,2,1.5O,EUR", "unit_price is '1.5O', which is not a number"),
        ("AC-1001,1,2026-02-30,SB-100,2,1.50,EUR", "ordered_on is '2026-02-30', which is no day of the calendar"),
        ("AC-1001,1,2026-03-02,SB-100,2,1.50,XBT", "currency is 'XBT'; known are"),
        ("AC-1001,1,2026-03-02,SB-100,-3,1.50,EUR", "quantity is -3; at least 1 was expected"),
        ("AC-1001,1,2026-03-02,SB-100,a dozen,1.50,EUR", "'a dozen'"),
        ("../../x,1,2026-03-02,SB-100,2,1.50,EUR", "order_id is '../../x'"),
        ("AC-1001,1,2026-03-02,SB-100,2", "currency is ''"),
    ],
)
def test_a_wrong_line_is_refused_with_its_number_and_the_reason(read, row, told):
    from samples.shop.errors import RowRefused

    with pytest.raises(RowRefused, match=r"^line 2: ") as caught:
        read(HEAD + row + "\n")
    assert told in str(caught.value)
    assert isinstance(caught.value.__cause__, ValueError)


def test_the_same_line_twice_is_refused(read):
    from samples.shop.errors import RowRefused

    row = "AC-1001,1,2026-03-02,SB-100,2,1.50,EUR\n"
    with pytest.raises(RowRefused, match="line 3: line 1 of order AC-1001 is there twice"):
        read(HEAD + row + row)


def test_a_missing_column_is_named(read):
    from samples.shop.errors import RowRefused

    with pytest.raises(RowRefused, match="there is no column 'quantity'") as caught:
        read("order_id,line,ordered_on,sku,unit_price,currency\nAC-1001,1,2026-03-02,SB-100,1.50,EUR\n")
    assert isinstance(caught.value.__cause__, KeyError)
