"""Holding an answer against the published one: names and their order, types, values, nothing missing, nothing more."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID


def differences(
    published: Any, ours: Any, formats: Mapping[str, str], added: Mapping[str, Any], pointer: str = ""
) -> Iterator[str]:
    """Where an answer is not what was published.

    `formats`: a regular expression for the text at a JSON pointer where the example's own value cannot come back; of a
    list for each of its texts, however many there are.
    `added`: what ours has besides, by its pointer. A UUID stands for any UUID.
    """
    if pointer in formats:
        for text in ours if isinstance(published, list) and isinstance(ours, list) else [ours]:
            if not isinstance(text, str) or not re.fullmatch(formats[pointer], text):
                yield f"{pointer}: {text!r} is not of the form {formats[pointer]}"
    elif isinstance(published, dict) and isinstance(ours, dict):
        more = [name for name in ours if f"{pointer}/{name}" in added]
        for name in more:
            yield from differences(added[f"{pointer}/{name}"], ours[name], formats, {}, f"{pointer}/{name}")
        names = [name for name in ours if name not in more]
        if names != list(published):
            yield f"{pointer}: has {names} instead of {list(published)}"
        for name in published.keys() & ours.keys():
            yield from differences(published[name], ours[name], formats, added, f"{pointer}/{name}")
    elif isinstance(published, list) and isinstance(ours, list) and len(published) == len(ours):
        for place, (one, other) in enumerate(zip(published, ours, strict=True)):
            yield from differences(one, other, formats, added, f"{pointer}/{place}")
    elif not (published == ours and type(published) is type(ours)) and not (_is_uuid(published) and _is_uuid(ours)):
        yield f"{pointer}: {ours!r} instead of {published!r}"


def _is_uuid(value: Any) -> bool:
    try:
        return isinstance(value, str) and str(UUID(value)) == value
    except ValueError:
        return False
