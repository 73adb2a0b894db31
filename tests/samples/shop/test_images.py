import itertools
import os
import signal

import pytest

DAMAGED = {
    "bench-vice-giant.png": "60000 x 60000",
    "claw-hammer-cut-off.png": "in the middle of a chunk",
    "coping-saw-bad-pixels.png": "cannot be unpacked",
    "hand-plane-flipped-bit.png": "the checksum of IDAT",
    "marking-gauge-page.png": "does not begin as a PNG does",
    "try-square-cut-off.ppm": "1296 bytes",
}


def test_the_damaged_pictures_are_found_out_and_all_others_can_be_read(shop):
    from samples import catalogue
    from samples.shop.errors import ImageDamaged

    damaged = {}
    for name in itertools.chain(*catalogue.images()):
        try:
            assert shop.images.open_picture(name).width in (24, 48)
        except ImageDamaged as error:
            damaged[name] = error
    assert set(damaged) == set(DAMAGED)
    for name, told in DAMAGED.items():
        assert told in str(damaged[name])
        assert isinstance(damaged[name].__cause__, ValueError)


@pytest.mark.parametrize("name", ["claw-hammer.png", "try-square.ppm"])
def test_a_thumbnail_is_a_picture_of_the_wanted_width(shop, name):
    from samples.shop.formats import png

    picture = png.decode(shop.images.write_thumbnail(name, 12).read_bytes())
    assert (picture.width, picture.height) == (12, 9)


def test_a_thumbnail_cannot_be_wider_than_its_picture(shop):
    with pytest.raises(ValueError, match="cannot be scaled down to 4000"):
        shop.images.write_thumbnail("claw-hammer.png", 4000)


def test_the_brightness_of_a_scan_is_the_mean_of_its_pixels(shop):
    from samples.places import input_file

    pixels = input_file("scans", "shelf-1.scan").read_bytes()[12:]
    told = shop.images.write_brightness("shelf-1.scan").read_text()
    assert float(told) == pytest.approx(sum(pixels) / len(pixels), abs=0.05)


def test_a_scan_without_a_head_is_damaged(shop):
    from samples.shop.errors import ImageDamaged

    with pytest.raises(ImageDamaged, match="shorter than a head"):
        shop.images.write_brightness("shelf-7.scan")


def test_a_truncated_scan_kills_the_process(shop, wanted_crashes):
    pid = os.fork()
    if pid == 0:
        try:
            shop.images.measure_scan("shelf-6.scan")
        finally:
            os._exit(0)
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGBUS
