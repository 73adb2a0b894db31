"""Raw grey scans: `SCAN`, width and height (four bytes each, big end first), then one byte per pixel.

Read the way a C library reads them: the pages of the file are mapped into memory, as many as its head promises.  When
the file is shorter than that, touching the missing pages is a bus error, and the kernel kills the process on the spot:
no exception, no traceback.  This is the fault that the sample application has on purpose.
"""

import ctypes
import mmap
import os
import struct

HEAD = struct.Struct(">4s2I")
MAX_PIXELS = 16_000_000
MAP_FAILED = ctypes.c_void_p(-1).value


def pixels(path) -> bytes:
    """Raises ValueError for a file that is no scan."""
    with open(path, "rb") as file:
        try:
            magic, width, height = HEAD.unpack(file.read(HEAD.size))
        except struct.error as error:
            raise ValueError("it is shorter than a head") from error
        if magic != b"SCAN" or not 0 < width * height <= MAX_PIXELS:
            raise ValueError(f"its head {magic!r}, {width} x {height} makes no sense")
        return _mapped(file.fileno(), HEAD.size, width * height)


def _mapped(descriptor, offset, length):
    # through the C library: Python's own mmap compares with the size of the file first
    c_library = ctypes.CDLL(None, use_errno=True)
    c_library.mmap.restype = ctypes.c_void_p
    c_library.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    c_library.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    address = c_library.mmap(None, offset + length, mmap.PROT_READ, mmap.MAP_PRIVATE, descriptor, 0)
    if address == MAP_FAILED:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    try:
        return ctypes.string_at(address + offset, length)
    finally:
        c_library.munmap(address, offset + length)
