"""What is wrong with a file as a whole."""

from typing import Any


class UnreadableFileError(Exception):
    """The file cannot be read. `code` is stable; `values` fill the sentence that the caller has for the code."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(f"{code} {values}" if values else code)
        self.code, self.values = code, values
