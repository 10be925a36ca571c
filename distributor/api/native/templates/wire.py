"""Bodies and answers of the template calls."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from channels.models import OnMissingValue, Template
from channels.models.template import MAX_TEXT_LENGTH
from contacts.channel import Channel
from distributor.api.answers.problems import Fault
from distributor.api.bodies.fields import (
    BCP_47_OR_BLANK,
    NO_NUL,
    PATTERN_FAULTS,
    DataFault,
    LanguageTag,
    Name,
    NullIfBlank,
    Subject,
    check_placeholders,
)
from distributor.api.bodies.validation import json_pointer
from distributor.api.wire import Body, Document, Page

MAX_VARIANTS = 100
ON_MISSING_VALUE = (
    "What happens to a message with a placeholder that has neither a value nor a default: send (with the gap), warn "
    "(send, and log a warning) or refuse (the attempt fails with the code missing_value, and the chain continues)."
)
_LOCALE = TypeAdapter(Annotated[LanguageTag, Field(min_length=1)])
_TextWithPlaceholders = Annotated[str, StringConstraints(max_length=MAX_TEXT_LENGTH, pattern=NO_NUL)]
_VARIANTS = {"en": {"subject": "Your stay", "html": '<a href="${link}">Answer</a>', "text": "Answer: ${link}"}}


class VariantBody(Body):
    """The texts in one locale. Placeholders such as ${contact:firstName|there} and ${link} are filled in."""

    subject: Subject = Field(
        "", description="The subject of an e-mail. E-mail only, and required there.", examples=["Your stay"]
    )
    html: Annotated[_TextWithPlaceholders | None, AfterValidator(check_placeholders)] = Field(
        "",
        description="The HTML part of an e-mail. E-mail only. Values of placeholders are HTML-escaped.",
        examples=['<a href="${link}">Answer</a>'],
    )
    text: Annotated[_TextWithPlaceholders, Field(min_length=1), AfterValidator(check_placeholders)] = Field(
        description="The message for SMS and WhatsApp; the plain-text part of an e-mail.",
        examples=["Hello ${contact:firstName|there}, how was your stay? ${link}"],
    )


def _check_locales(variants: dict[str, Any]) -> dict[str, Any]:
    faults, seen = [], set()
    for locale in variants:
        try:
            _LOCALE.validate_python(locale)
        except ValidationError:
            faults.append(DataFault((locale,), *PATTERN_FAULTS[BCP_47_OR_BLANK]))
        if locale.lower() in seen:
            faults.append(DataFault((locale,), "locale_twice", "This locale is given twice, in different letter case."))
        seen.add(locale.lower())
    if faults:
        raise PydanticCustomError(
            "invalid_data", 'Invalid locale. Use BCP 47, for example "pt-BR".', {"faults": faults}
        )
    return variants


_LOCALES = AfterValidator(_check_locales)


class TemplateBody(Body):
    """A template to create, with one variant per locale."""

    name: Name = Field(description="The name of the template.", examples=["Invitation"])
    channel: Channel = Field(description="The channel of its messages. It cannot be changed.", examples=["email"])
    variants: Annotated[dict[str, VariantBody], Field(min_length=1, max_length=MAX_VARIANTS), _LOCALES] = Field(
        description="The texts by locale (BCP 47), for example en, pl or zh-CN.", examples=[_VARIANTS]
    )
    on_missing_value: OnMissingValue = Field(OnMissingValue.SEND, description=ON_MISSING_VALUE, examples=["refuse"])


class TemplateChanges(Body):
    """The fields to change. The channel cannot be changed."""

    name: Name = Field("", description="The name of the template.", examples=["Invitation"])
    variants: Annotated[dict[str, VariantBody | None], Field(max_length=MAX_VARIANTS), _LOCALES] = Field(
        {},
        description="The variants to change, by locale: a value replaces the variant, null removes it, other locales "
        "stay. At least one variant must remain.",
        examples=[{**_VARIANTS, "pl": None}],
    )
    on_missing_value: OnMissingValue = Field(OnMissingValue.SEND, description=ON_MISSING_VALUE, examples=["refuse"])


class VariantDocument(Document):
    """The texts in one locale."""

    subject: NullIfBlank = Field(description="The subject; e-mail only.", examples=["Your stay"])
    html: NullIfBlank = Field(description="The HTML part; e-mail only.", examples=['<a href="${link}">Answer</a>'])
    text: str = Field(
        description="The message, or the plain-text part of an e-mail.",
        examples=["Hello ${contact:firstName|there}, how was your stay? ${link}"],
    )


class TemplateDocument(Document):
    """A template with its variants."""

    id: UUID = Field(description="The id of the template.", examples=["0194c4f0-7d11-7a02-8f2b-2b6d5a9c1e10"])
    name: str = Field(description="The name of the template.", examples=["Invitation"])
    channel: Channel = Field(description="The channel of its messages.", examples=["email"])
    on_missing_value: OnMissingValue = Field(
        OnMissingValue.SEND,
        description=ON_MISSING_VALUE + " Absent: send.",
        examples=["refuse"],
        exclude_if=lambda choice: choice == OnMissingValue.SEND,
    )
    is_default: bool = Field(
        description="Whether calls that name only the channel use this template. Operators choose it.", examples=[False]
    )
    variants: dict[str, VariantDocument] = Field(description="The texts by locale (BCP 47).", examples=[_VARIANTS])
    created_at: datetime = Field(description="When the template was created.", examples=["2026-01-20T10:15:00Z"])


class TemplatePage(Page[TemplateDocument]):
    """Templates, newest first."""


def render_template(template: Template) -> dict[str, Any]:
    """Render a template whose variants are prefetched."""
    return TemplateDocument(
        id=template.pk,
        name=template.name,
        channel=Channel(template.channel),
        on_missing_value=OnMissingValue(template.on_missing_value),
        is_default=template.is_default,
        variants={variant.locale: VariantDocument.model_validate(variant) for variant in template.variants.all()},
        created_at=template.created_at,
    ).rendered()


def channel_faults(given: dict[str, Any], fixed_channel: str | None = None) -> Iterator[Fault]:
    """Check that the variants fit their channel: that of an existing template, otherwise the given one."""
    if fixed_channel is not None and "channel" in given:
        yield Fault("/channel", "fixed_after_creation", "The channel of a template cannot be changed.")
    variants = given.get("variants")
    for locale, variant in variants.items() if isinstance(variants, dict) else ():
        if isinstance(variant, dict):
            yield from _variant_faults(locale, variant, fixed_channel or given.get("channel"))


def _variant_faults(locale: str, variant: Mapping[str, Any], channel: Any) -> Iterator[Fault]:
    place = json_pointer(("variants", locale))
    if channel == Channel.EMAIL:
        if variant.get("subject") in (None, ""):
            yield Fault(f"{place}/subject", "missing", "An e-mail needs a subject.")
    elif channel in (Channel.SMS, Channel.WHATSAPP):
        for name in ("subject", "html"):
            if variant.get(name) not in (None, ""):
                yield Fault(f"{place}/{name}", "email_only", f"Only e-mail has a {name}.")
