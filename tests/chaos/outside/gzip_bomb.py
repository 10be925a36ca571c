"""A small gzip body that inflates to 400 MB."""

import zlib
from functools import cache

INFLATED_MB = 400


@cache
def make_gzip_bomb() -> bytes:
    """Return about 400 KB that inflate to 400 MB of blanks. It takes two seconds the first time."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    megabyte = b" " * 1_000_000
    return b"".join(compressor.compress(megabyte) for _ in range(INFLATED_MB)) + compressor.flush()
