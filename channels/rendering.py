"""Piped text: replaces a fixed set of placeholders in operators' texts. It is not a template engine.

    ${contact:firstName}            a field of the contact, or a key of its embedded data
    ${contact:firstName|there}      the same, with a default if it is empty or unknown
    ${intro}  ${intro|default}      the introduction that the call gives for this message, if any
    ${survey:name}  ${link}  ${unsubscribe}

All of them are in channels/placeholders.py.

A text is split once and joined per message: 1,000 messages take about 9 ms, with Django's templates 80 ms. Text that is
no known placeholder stays unchanged. Placeholders inside values are not replaced.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from operator import itemgetter

from channels.placeholders import CONTACT_PREFIX, OTHER_KEYS

_PLACEHOLDER = re.compile(r"\$\{([^{}]*)\}")
_UNSAFE = re.compile("[&<>\"']")
_KEY = re.compile(rf"{CONTACT_PREFIX}[^\s|{{}}][^|{{}}]*|{'|'.join(OTHER_KEYS)}")


@dataclass(frozen=True, slots=True)
class CompiledText:
    """A text split at its placeholders: literals[0], slot 0, literals[1], slot 1, … A slot is (key, default)."""

    literals: tuple[str, ...]
    slots: tuple[tuple[str, str], ...]
    # The literals with a gap after each but the last: a message's text is a copy of it whose gaps are filled.
    _pieces: list[str] = field(init=False, repr=False, compare=False)
    _pick: Callable[[Mapping[str, str]], Sequence[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        pieces = [piece for literal in self.literals for piece in (literal, "")]
        object.__setattr__(self, "_pieces", pieces[:-1])
        object.__setattr__(self, "_pick", _picker([key for key, _ in self.slots]))

    def fill(self, values: Mapping[str, str], encode: Callable[[str], str] | None = None) -> str:
        """Return the text with every slot replaced by `encode(value or default)`."""
        if not self.slots:
            return self.literals[0]
        try:
            filled = self._pick(values)
        except KeyError:
            filled = [values.get(key, "") for key, _ in self.slots]
        if not all(filled):
            filled = [value or default for value, (_, default) in zip(filled, self.slots, strict=True)]
        pieces = self._pieces.copy()
        pieces[1::2] = map(encode, filled) if encode else filled
        return "".join(pieces)

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(key for key, _ in self.slots)


def _picker(keys: Sequence[str]) -> Callable[[Mapping[str, str]], Sequence[str]]:
    """Return a function that reads these keys of a mapping in one call."""
    return itemgetter(*keys) if len(keys) > 1 else lambda values: [values[key] for key in keys]


def compile_text(text: str) -> CompiledText:
    """Split a text at its placeholders. Never fails: an unknown placeholder stays literal text."""
    literals: list[str] = []
    slots: list[tuple[str, str]] = []
    pending, position = "", 0
    for match in _PLACEHOLDER.finditer(text):
        key, _, default = match[1].partition("|")
        pending += text[position : match.start()]
        position = match.end()
        if _KEY.fullmatch(key):
            literals.append(pending)
            slots.append((key, default))
            pending = ""
        else:
            pending += match[0]
    literals.append(pending + text[position:])
    return CompiledText(tuple(literals), tuple(slots))


def missing_keys(texts: Iterable[CompiledText], values: Mapping[str, str]) -> list[str]:
    """Return the keys, in order, that have neither a value nor, somewhere, a default."""
    slots = {slot for text in texts for slot in text.slots}
    return sorted({key for key, default in slots if not values.get(key) and not default})


def unknown_placeholders(text: str) -> list[str]:
    """Return every `${…}` of a text that is no known placeholder, as written."""
    return [match[0] for match in _PLACEHOLDER.finditer(text) if not _KEY.fullmatch(match[1].partition("|")[0])]


@dataclass(frozen=True, slots=True)
class CompiledVariant:
    """One locale of a template, ready to be filled. `html` is empty except for e-mail.

    `keys` are the keys of all values that a message needs.
    """

    locale: str
    subject: CompiledText
    html: CompiledText
    text: CompiledText
    keys: frozenset[str]

    def missing_keys(self, values: Mapping[str, str], *, has_own_subject: bool = False) -> list[str]:
        """Return missing_keys() of its parts, without the subject if another one replaces it."""
        return missing_keys([*([] if has_own_subject else [self.subject]), self.html, self.text], values)


def compile_variant(locale: str, subject: str, html: str, text: str) -> CompiledVariant:
    parts = compile_text(subject), compile_text(html), compile_text(text)
    return CompiledVariant(locale, *parts, frozenset[str]().union(*(part.keys for part in parts)))


def encode_html(value: str) -> str:
    # Hardly any value needs one of the five replacements. To look for their characters takes 0.4 instead of 0.6 µs.
    return value if value.isalnum() or _UNSAFE.search(value) is None else escape(value, quote=True)


def encode_subject(value: str) -> str:
    """Return the text as one line, because CR and LF in a value could inject headers (RFC 5322 §2.2)."""
    return " ".join(value.replace("\0", " ").split()) if value else value
