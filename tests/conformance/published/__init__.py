"""The examples of the four references, each in a file as it was published. They are the contract of the dialects.

Of lists_and_links_send the page's no-break spaces are blanks here: JSON has none. lists_and_links_made is put together
from what the reference says of every answer.
"""

from pathlib import Path


def published(name: str) -> str:
    """An example's text, to the letter."""
    return (Path(__file__).parent / f"{name}.json").read_text().rstrip("\n")
