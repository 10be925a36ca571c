"""A file that a command writes: checked before anything else is done, and never there in part."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from distributor.command_line.faults import BadUseError, CommandError

Write = Callable[[Iterable[bytes]], None]


@contextmanager
def open_output_file(path: Path) -> Iterator[Write]:
    """Yield what writes the whole file. Until then it is `path`.part, which does not outlive the block.

    Raises BadUseError if the file cannot be written, and CommandError if writing it fails.
    """
    if path.is_dir():
        raise BadUseError(f"{path} is a folder. Name a file.")
    part = Path(f"{path}.part")
    try:
        file = part.open("wb")
    except OSError as error:
        raise BadUseError(f"{path} cannot be written: {error.strerror}.") from None

    def write(pieces: Iterable[bytes]) -> None:
        try:
            with file:
                file.writelines(pieces)
            part.replace(path)
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from None

    try:
        yield write
    finally:
        file.close()
        part.unlink(missing_ok=True)
