import re

import pytest


@pytest.fixture
def pdf(imported_shop):
    from samples.shop.formats import pdf

    return pdf


def test_every_object_stands_where_the_table_says(pdf):
    raw = pdf.from_lines([f"line {number}" for number in range(150)])
    offsets = [int(offset) for offset in re.findall(rb"(\d{10}) 00000 n", raw)]
    assert len(offsets) == 3 + 2 * 3
    for number, offset in enumerate(offsets, start=1):
        assert raw[offset:].startswith(b"%d 0 obj" % number)
    start = int(re.search(rb"startxref\n(\d+)", raw)[1])
    assert raw[start:].startswith(b"xref")


def test_characters_with_a_meaning_in_pdf_are_escaped(pdf):
    assert rb"(a\(b\)\\c) Tj" in pdf.from_lines(["a(b)\\c"])
