"""Previews of template variants, filled with sample values."""

from dataclasses import dataclass

from django.conf import settings

from channels.models import TemplateVariant
from channels.placeholders import BY_KEY
from channels.rendering import CompiledText, CompiledVariant, compile_variant, encode_html, encode_subject
from channels.segments import Segmentation, segment_text
from contacts.channel import Channel

_SAMPLE = {key: placeholder.sample for key, placeholder in BY_KEY.items() if placeholder.sample}


@dataclass(frozen=True, slots=True)
class Preview:
    """One variant as the sample contact would receive it. `segmentation` is set for SMS only."""

    locale: str
    subject: str
    html: str
    text: str
    segmentation: Segmentation | None


def preview_variant(variant: TemplateVariant) -> Preview:
    """Fill a variant with sample values.

    Embedded data has no samples: its placeholders show their default, or their name in brackets.
    """
    compiled = compile_variant(variant.locale, variant.subject, variant.html, variant.text)
    values = _sample_values(compiled)
    text = compiled.text.fill(values)
    return Preview(
        variant.locale,
        encode_subject(compiled.subject.fill(values)),
        compiled.html.fill(values, encode_html),
        text,
        segment_text(text) if variant.template.channel == Channel.SMS else None,
    )


def _sample_values(compiled: CompiledVariant) -> dict[str, str]:
    code = "Sample000000"
    values = {
        **_SAMPLE,
        "link": f"{settings.PUBLIC_BASE_URL}/p/{code}",
        "unsubscribe": f"{settings.PUBLIC_BASE_URL}/u/{code}",
    }
    for text in (compiled.subject, compiled.html, compiled.text):
        for key in _keys_without_default(text):
            values.setdefault(key, f"[{key.rpartition(':')[2]}]")
    return values


def _keys_without_default(text: CompiledText) -> list[str]:
    return [key for key, default in text.slots if not default]
