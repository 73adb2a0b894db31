import pytest


@pytest.fixture
def png(imported_shop):
    from samples.shop.formats import png

    return png


def test_what_is_written_can_be_read(png):
    from samples.shop.formats.picture import Picture

    picture = Picture(5, 3, bytes(range(45)))
    assert png.decode(png.encode(picture)) == picture


def test_any_flipped_bit_is_noticed(png):
    from samples.shop.formats.picture import Picture

    sound = png.encode(Picture(4, 4, bytes(48)))
    for position in range(8, len(sound)):
        with pytest.raises(ValueError):
            png.decode(sound[:position] + bytes([sound[position] ^ 1]) + sound[position + 1 :])
