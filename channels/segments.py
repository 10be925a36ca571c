"""Counts the SMS segments of a text, which are what an SMS costs (3GPP TS 23.038 and 23.040).

Characters of the GSM-7 alphabet take 7 bits each: 160 in one segment, 153 in each of several. One other character, for
example a curly quote, changes the whole text to UCS-2: 70 and 67.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

GSM7_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Each has an escape character before it and so counts as two.
GSM7_EXTENDED = "\f^{}\\[~]|€"

_SEPTETS = dict.fromkeys(GSM7_BASIC, 1) | dict.fromkeys(GSM7_EXTENDED, 2)


class Encoding(StrEnum):
    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


# Capacity of a single segment, and of each of several, in units: septets or 16-bit code units.
CAPACITIES = {Encoding.GSM7: (160, 153), Encoding.UCS2: (70, 67)}


@dataclass(frozen=True, slots=True)
class Segmentation:
    """How a text is sent. `characters` are code points, `units` are what CAPACITIES counts.

    `outside_gsm7` are the distinct characters that force UCS-2, in the order of the text.
    """

    encoding: Encoding
    characters: int
    units: int
    segments: int
    outside_gsm7: tuple[str, ...]


def segment_text(text: str) -> Segmentation:
    """Count a text's segments. An empty text has none."""
    outside = tuple(dict.fromkeys(character for character in text if character not in _SEPTETS))
    if outside:
        encoding, widths = Encoding.UCS2, [2 if ord(character) > 0xFFFF else 1 for character in text]
    else:
        encoding, widths = Encoding.GSM7, [_SEPTETS[character] for character in text]
    alone, together = CAPACITIES[encoding]
    units = sum(widths)
    segments = (1 if units else 0) if units <= alone else _count_parts(widths, together)
    return Segmentation(encoding, len(text), units, segments, outside)


def _count_parts(widths: Iterable[int], capacity: int) -> int:
    """Count the parts of a long text. A character of two units is not split but begins the next part."""
    parts, used = 1, 0
    for width in widths:
        if used + width > capacity:
            parts, used = parts + 1, 0
        used += width
    return parts
