"""File formats, read and written with the standard library only."""
