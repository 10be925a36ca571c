"""“Did you mean …?” for misspelt names."""

from collections.abc import Iterable
from difflib import get_close_matches


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return " Did you mean …?" if a known name is like the given one, otherwise "".

    Names that differ in letter case and separators only, such as `scheduled_at` and `scheduledAt`, are alike.
    """
    by_letters = {_letters(candidate): candidate for candidate in known}
    near = get_close_matches(_letters(name[:100]), by_letters, n=1, cutoff=0.7)
    return f" Did you mean {by_letters[near[0]]}?" if near else ""


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()
