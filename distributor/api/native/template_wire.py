"""What is said of a template, and what is answered."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from channels.models import Template
from contacts.channel import Channel
from distributor.api.fields import NO_NUL, DataFault, Subject, check_placeholders
from distributor.api.native.shapes import Body, Document, Locale, Name, NoneIfBlank
from distributor.api.problems import Fault
from distributor.api.validation import json_pointer

MAX_VARIANTS = 100
MAX_BODY_LENGTH = 200_000  # mail programs cut an e-mail off at about half of it
_locale = TypeAdapter(Annotated[Locale, Field(min_length=1)])


_Piped = Annotated[str, StringConstraints(max_length=MAX_BODY_LENGTH, pattern=NO_NUL)]


class VariantBody(Body):
    """The texts in one locale, with placeholders such as ${contact:firstName|there} and ${link}."""

    subject: Subject = Field("", description="E-mail only.")
    html: Annotated[_Piped | None, AfterValidator(check_placeholders)] = Field(
        "", description="E-mail only. Values are HTML-escaped."
    )
    text: Annotated[_Piped, Field(min_length=1), AfterValidator(check_placeholders)] = Field(
        description="SMS and WhatsApp: the message. E-mail: the plain-text part."
    )


def _check_locales(variants: dict[str, Any]) -> dict[str, Any]:
    faults, seen = [], set()
    for locale in variants:
        try:
            _locale.validate_python(locale)
        except ValidationError:
            faults.append(DataFault((locale,), "invalid_locale", "A locale is a BCP 47 tag, such as pl or zh-CN."))
        if locale.lower() in seen:
            faults.append(DataFault((locale,), "locale_twice", "This locale is given twice, in other letters."))
        seen.add(locale.lower())
    if faults:
        raise PydanticCustomError("invalid_data", "A locale is none.", {"faults": faults})
    return variants


Locales = AfterValidator(_check_locales)


class TemplateBody(Body):
    """A template to make, with one variant per locale."""

    name: Name
    channel: Channel
    variants: Annotated[dict[str, VariantBody], Field(min_length=1, max_length=MAX_VARIANTS), Locales] = Field(
        description="By locale (BCP 47), such as en, pl or zh-CN."
    )


class TemplateChanges(Body):
    """What to change. The channel is fixed."""

    name: Name = ""
    variants: Annotated[dict[str, VariantBody | None], Field(max_length=MAX_VARIANTS), Locales] = Field(
        {}, description="By locale: what is given replaces, null removes, the other locales stay. One remains."
    )


class VariantDocument(Document):
    subject: NoneIfBlank
    html: NoneIfBlank
    text: str


class TemplateDocument(Document):
    id: UUID
    name: str
    channel: Channel
    variants: dict[str, VariantDocument] = Field(description="By locale.")
    created_at: datetime


class TemplatePage(Document):
    """Newest first."""

    items: list[TemplateDocument]
    next_cursor: str | None


def render_template(template: Template) -> dict[str, Any]:
    """A template whose variants are loaded."""
    return TemplateDocument(
        id=template.pk,
        name=template.name,
        channel=Channel(template.channel),
        variants={one.locale: VariantDocument.model_validate(one) for one in template.variants.all()},
        created_at=template.created_at,
    ).model_dump(by_alias=True)


def channel_check(channel: str | None) -> Callable[[dict[str, Any]], Iterator[Fault]]:
    """What a channel needs of its variants; None: the channel that is given with them."""

    def check(given: dict[str, Any]) -> Iterator[Fault]:
        if channel is not None and "channel" in given:
            yield Fault("/channel", "fixed_after_creation", "A template stays with its channel.")
        variants = given.get("variants")
        if not isinstance(variants, dict):
            return
        for locale, variant in variants.items():
            if isinstance(variant, dict):
                yield from _variant_faults(locale, variant, channel or given.get("channel"))

    return check


def _variant_faults(locale: str, variant: Mapping[str, Any], channel: Any) -> Iterator[Fault]:
    place = json_pointer(("variants", locale))
    if channel == Channel.EMAIL:
        if variant.get("subject") in (None, ""):
            yield Fault(f"{place}/subject", "missing", "An e-mail has a subject.")
    elif channel in (Channel.SMS, Channel.WHATSAPP):
        for name in ("subject", "html"):
            if variant.get(name) not in (None, ""):
                yield Fault(f"{place}/{name}", "email_only", f"Only e-mail has a {name}.")
