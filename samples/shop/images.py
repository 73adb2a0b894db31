"""Product pictures: checking them, making thumbnails, measuring scans."""

from samples.places import input_file, output_file, write
from samples.shop.background import engine
from samples.shop.errors import ImageDamaged
from samples.shop.formats import png, ppm, scan
from samples.shop.formats.picture import Picture

READERS = {".png": png.decode, ".ppm": ppm.decode}


@engine.task(queue="images.check")
def check_image(name):
    open_picture(name)


@engine.task(queue="images.thumbnails")
def make_thumbnail(name, width=16):
    write_thumbnail(name, width)


@engine.task(queue="images.scans")
def measure_scan(name):
    write_brightness(name)


def open_picture(name: str) -> Picture:
    """Raises ImageDamaged, InputMissing."""
    path = input_file("images", name)
    try:
        return READERS[path.suffix](path.read_bytes())
    except (ValueError, KeyError) as error:
        raise ImageDamaged(f"{name} cannot be used: {error}") from error


def write_thumbnail(name: str, width: int):
    """The path of a PNG of that many pixels across.  Raises ImageDamaged, InputMissing."""
    picture = open_picture(name).scaled(width)
    return write(output_file("thumbnails", f"{name.rpartition('.')[0]}-{width}.png"), png.encode(picture))


def write_brightness(name: str):
    """The path of a text file with the mean brightness (0 to 255) of a scan.  Raises ImageDamaged, InputMissing.

    A truncated scan kills the process: `scan.pixels` trusts the size in the file's head."""
    path = input_file("scans", name)
    try:
        pixels = scan.pixels(path)
    except ValueError as error:
        raise ImageDamaged(f"{name} is not a scan: {error}") from error
    return write(output_file("brightness", f"{name}.txt"), f"{sum(pixels) / len(pixels):.1f}\n".encode())
