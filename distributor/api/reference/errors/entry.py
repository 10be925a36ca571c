"""One entry of the catalogue."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """A code. `status` is the HTTP status of an error; None: a fault in the `errors` of another error."""

    meaning: str
    remedy: str
    status: int | None = None
