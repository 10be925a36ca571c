"""Pieces of a file, compressed one by one: together they are one gzip file, and each is written without the others."""

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import Final

# RFC 1952: magic, deflate, no flags, no time, no extra flags, unknown system.
_HEAD: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_END: Final = b"\x03\x00"  # RFC 1951: a last block that holds nothing
_RAW: Final = -15  # no header of its own


def deflate_piece(data: bytes) -> bytes:
    """Return one piece, compressed. It ends at a whole byte and refers to no other piece."""
    compressor = zlib.compressobj(6, zlib.DEFLATED, _RAW)
    return compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH)


def join_as_gzip(pieces: Iterable[bytes], checksum: int, size: int) -> Iterator[bytes]:
    """Yield the gzip file of these pieces. `checksum` is the CRC-32 of all that was compressed, `size` its bytes."""
    yield _HEAD
    yield from pieces
    yield _END + struct.pack("<II", checksum, size & 0xFFFFFFFF)


def inflate(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what the pieces hold. Each must inflate within memory: it was written as one."""
    decompressor = zlib.decompressobj(_RAW)
    for piece in pieces:
        yield decompressor.decompress(piece)
