"""Colours of a brand, and whether they can be read: WCAG 2.2's contrast ratio. A colour is written as #1d4ed8."""

import re
from typing import Final

DEFAULT_COLOR: Final = "#1d4ed8"
WHITE: Final = "#ffffff"
DARK_SURFACE: Final = "#1c222b"  # what recipients' pages are drawn on in the dark theme (static/distributor/pages.css)
# The least ratio of text to its ground (WCAG 1.4.3).
READABLE: Final = 4.5
COLOR: Final = re.compile(r"#[0-9a-f]{6}")
_STEPS: Final = 100

Rgb = tuple[float, float, float]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable_on(color: str, ground: str) -> str:
    """Return the colour, or the nearest shade or tint of it that can be read on the ground."""
    target = "#000000" if _luminance(ground) > 0.18 else WHITE
    for step in range(_STEPS + 1):
        mixed = mix(color, target, step / _STEPS)
        if contrast(mixed, ground) >= READABLE:
            return mixed
    return target


def ink_on(color: str) -> str:
    """Return black or white, whichever is read better on the colour."""
    return max((WHITE, "#000000"), key=lambda ink: contrast(ink, color))


def mix(color: str, other: str, share: float) -> str:
    """Return a colour with a share (0 to 1) of another."""
    pairs = zip(_rgb(color), _rgb(other), strict=True)
    return "#" + "".join(f"{round(255 * (mine + (theirs - mine) * share)):02x}" for mine, theirs in pairs)


def _rgb(color: str) -> Rgb:
    red, green, blue = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


def _luminance(color: str) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _rgb(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
