"""Which locale of a text fits a reader: RFC 4647 look-up, with the aliases that people and systems write."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

_TAG: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_LONGEST_TAG: Final = 35
# A region or an old code that implies another tag (CLDR's likely subtags, and ISO 639's renamed codes).
_IMPLIED: Final = {
    "zh-tw": "zh-hant-tw",
    "zh-hk": "zh-hant-hk",
    "zh-mo": "zh-hant-mo",
    "zh-cn": "zh-hans-cn",
    "zh-sg": "zh-hans-sg",
    "zh-cht": "zh-hant",
    "zh-chs": "zh-hans",
    "sh": "sr-latn",
}
_SAME_LANGUAGE: Final = {
    "no": ("nb",),
    "nb": ("no",),
    "nn": ("no", "nb"),
    "iw": ("he",),
    "he": ("iw",),
    "in": ("id",),
    "id": ("in",),
    "tl": ("fil",),
    "fil": ("tl",),
    "mo": ("ro",),
}


def is_language_tag(text: str) -> bool:
    """Whether a text is formed as BCP 47 asks: pl, pt-BR, zh-Hant-TW."""
    return len(text) <= _LONGEST_TAG and _TAG.fullmatch(text) is not None


def choose_locale(wanted: str, available: Sequence[str], fallback: str) -> str:
    """Return the available locale that fits best: for `zh-Hant-TW` zh-Hant-TW, else zh-Hant, else zh.

    If the wanted language is not there in that form, any form of it will do (`pt` takes pt-BR). After that the same is
    asked of `fallback`, and at last the first one is taken. `available` is not empty.
    """
    by_tag = {_fold(name): name for name in available}
    for tag in (wanted, fallback):
        for candidate in _candidates(_fold(tag)):
            if candidate in by_tag:
                return by_tag[candidate]
        language = _fold(tag).partition("-")[0]
        for other in (language, *_SAME_LANGUAGE.get(language, ())):
            for name in sorted(by_tag):
                if language and name.partition("-")[0] == other:
                    return by_tag[name]
    return available[0]


def _candidates(tag: str) -> Iterator[str]:
    """The tag, shortened from its end; then the same of the tag that it implies, and of other codes of its language."""
    tags = [tag]
    for implied, full in _IMPLIED.items():
        if tag == implied or tag.startswith(f"{implied}-"):
            tags.append(full)
    if len(tags) > 1:
        # zh-TW means zh-Hant before it means zh.
        yield tag
        tags = tags[1:]
    for name in list(tags):
        language, _, rest = name.partition("-")
        tags += ["-".join(filter(None, (other, rest))) for other in _SAME_LANGUAGE.get(language, ())]
    for name in tags:
        parts = name.split("-")
        while parts and parts[0]:
            yield "-".join(parts)
            parts.pop()
            if parts and len(parts[-1]) == 1:  # a singleton such as the x of a private use
                parts.pop()


def _fold(tag: str) -> str:
    """`pt_BR.UTF-8` → `pt-br`."""
    return tag.partition(".")[0].partition("@")[0].strip().replace("_", "-").lower()
