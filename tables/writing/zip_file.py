"""A ZIP file with one file in it, written piece by piece."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_LARGE: Final = 1 << 30  # bytes: far below the 4 GiB from which the format needs its 64-bit form


class _Sink:
    """Keeps what was written until it is taken. Nothing in it can be sought."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Do nothing: what is written is taken at once."""

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken


def zip_one_file(name: str, made_at: datetime, pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Yield a ZIP file that has one file of this name. `size` is about how many bytes its pieces have."""
    sink = _Sink()
    info = ZipInfo(name, made_at.timetuple()[:6])
    info.compress_type = ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    with ZipFile(sink, "w") as archive:  # type: ignore[call-overload]  # it needs no more than write and flush
        with archive.open(info, "w", force_zip64=size > _LARGE) as file:
            for piece in pieces:
                file.write(piece)
                if compressed := sink.take():
                    yield compressed
        yield sink.take()
    yield sink.take()
