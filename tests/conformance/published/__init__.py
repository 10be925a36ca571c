"""The examples of the four references, each in a file as it was published. They are the contract of the dialects."""

from pathlib import Path


def published(name: str) -> str:
    """An example's text, to the letter."""
    return (Path(__file__).parent / f"{name}.json").read_text().rstrip("\n")
