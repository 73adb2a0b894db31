"""Portable network graphics: eight bits per channel, RGB, not interlaced."""

import struct
import zlib

from samples.shop.formats.picture import Picture

SIGNATURE = b"\x89PNG\r\n\x1a\n"
RGB_8_BIT = (8, 2, 0, 0, 0)
MAX_PIXELS = 1_000_000


def decode(data: bytes) -> Picture:
    """Every checksum is compared.  Raises ValueError."""
    chunks = dict.fromkeys((b"IHDR", b"IDAT"), b"")
    for kind, content in _chunks(data):
        chunks[kind] = chunks.get(kind, b"") + content
    width, height = _size(chunks[b"IHDR"])
    rows = _unpacked(chunks[b"IDAT"], height * (3 * width + 1))
    return Picture(width, height, _unfiltered(rows, width))


def encode(picture: Picture) -> bytes:
    head = struct.pack(">2I5B", picture.width, picture.height, *RGB_8_BIT)
    stride = 3 * picture.width
    rows = b"".join(b"\0" + picture.rgb[start : start + stride] for start in range(0, len(picture.rgb), stride))
    return SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _chunks(data):
    if not data.startswith(SIGNATURE):
        raise ValueError("it does not begin as a PNG does")
    position, kind = len(SIGNATURE), None
    while kind != b"IEND":
        kind, content, position = _chunk_at(data, position)
        yield kind, content


def _chunk_at(data, position):
    try:
        length, kind = struct.unpack_from(">I4s", data, position)
        (checksum,) = struct.unpack_from(">I", data, position + 8 + length)
    except struct.error as error:
        raise ValueError(f"it ends after {len(data)} bytes, in the middle of a chunk") from error
    content = data[position + 8 : position + 8 + length]
    if zlib.crc32(kind + content) != checksum:
        raise ValueError(f"the checksum of {kind.decode('ascii', 'replace')} at byte {position} is wrong")
    return kind, content, position + 12 + length


def _size(head):
    try:
        width, height, *form = struct.unpack(">2I5B", head)
    except struct.error as error:
        raise ValueError("its head has the wrong length") from error
    if tuple(form) != RGB_8_BIT:
        raise ValueError(f"only eight bit RGB without interlacing can be read, not {form}")
    if not 0 < width * height <= MAX_PIXELS:
        raise ValueError(f"{width} x {height} is more than {MAX_PIXELS} pixels, or none")
    return width, height


def _unpacked(packed, expected_bytes):
    try:
        rows = zlib.decompressobj().decompress(packed, expected_bytes + 1)
    except zlib.error as error:
        raise ValueError("its pixels cannot be unpacked") from error
    if len(rows) != expected_bytes:
        raise ValueError(f"{len(rows)} bytes of pixels were unpacked; {expected_bytes} were expected")
    return rows


def _unfiltered(rows, width):
    stride = 3 * width
    above, picture = bytes(stride), bytearray()
    for start in range(0, len(rows), stride + 1):
        above = _row(rows[start], rows[start + 1 : start + 1 + stride], above)
        picture += above
    return bytes(picture)


def _row(filter_type, packed, above):
    if filter_type not in _PREDICTIONS:
        raise ValueError(f"row filter {filter_type} does not exist")
    predict, row = _PREDICTIONS[filter_type], bytearray(len(packed))
    for i, value in enumerate(packed):
        left, corner = (row[i - 3], above[i - 3]) if i >= 3 else (0, 0)
        row[i] = (value + predict(left, above[i], corner)) & 255
    return row


def _paeth(left, up, corner):
    estimate = left + up - corner
    distances = abs(estimate - left), abs(estimate - up), abs(estimate - corner)
    return (left, up, corner)[distances.index(min(distances))]


_PREDICTIONS = {
    0: lambda left, up, corner: 0,
    1: lambda left, up, corner: left,
    2: lambda left, up, corner: up,
    3: lambda left, up, corner: (left + up) // 2,
    4: _paeth,
}
