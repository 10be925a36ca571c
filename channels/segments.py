"""How a text is cut into SMS segments, which is what is paid for (3GPP TS 23.038 and 23.040).

A text whose characters all exist in the GSM-7 alphabet takes 7 bits each: 160 in one segment, 153 in each of several.
One character that does not, such as a curly quote, turns the whole text into UCS-2: 70 and 67.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

GSM7_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Written with an escape before it, so that each takes the room of two.
GSM7_EXTENDED = "\f^{}\\[~]|€"

_SEPTETS = dict.fromkeys(GSM7_BASIC, 1) | dict.fromkeys(GSM7_EXTENDED, 2)


class Encoding(StrEnum):
    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


# What one segment holds, and what each of several does, in units: septets, or 16-bit code units.
CAPACITIES = {Encoding.GSM7: (160, 153), Encoding.UCS2: (70, 67)}


@dataclass(frozen=True, slots=True)
class Segmentation:
    """`characters` as a person counts code points; `units` as segments do (see CAPACITIES).

    `outside_gsm7` are the characters that force UCS-2, each once, in the order of the text.
    """

    encoding: Encoding
    characters: int
    units: int
    segments: int
    outside_gsm7: tuple[str, ...]


def segment_text(text: str) -> Segmentation:
    """How a text goes out; an empty one takes no segment."""
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
    """Parts of a long text: what takes two units is never cut in half, but opens the next part."""
    parts, used = 1, 0
    for width in widths:
        if used + width > capacity:
            parts, used = parts + 1, 0
        used += width
    return parts
