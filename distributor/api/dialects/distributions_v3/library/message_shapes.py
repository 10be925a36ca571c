"""Messages as the dialect reads and writes them."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from channels.models import Template
from channels.models.template import MAX_TEXT_LENGTH
from channels.plain_text import is_html, plain_text
from channels.rendering import unknown_placeholders
from contacts.channel import Channel
from distributor.api.bodies.fields import NO_NUL, DataFault, Name, check_placeholders
from distributor.api.dialects.distributions_v3.documentation import id_field
from distributor.api.dialects.distributions_v3.envelope import Element
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.library.categories import KEPT, category_of
from distributor.api.dialects.distributions_v3.piped_text import from_placeholders, to_placeholders
from distributor.api.wire import Body

MAX_LANGUAGES: Final = 100
_LANGUAGE: Final = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$"
_Text = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT_LENGTH, pattern=NO_NUL)]
_Language = Annotated[str, StringConstraints(max_length=35, pattern=_LANGUAGE)]
# Also the subject of sends that give none, so its placeholders are filled, too.
_Description = Annotated[Name, AfterValidator(check_placeholders)]
_MESSAGES: Final = (
    "Texts by language, HTML or plain. Piped text such as `${l://SurveyURL}`, `${l://SurveyLink?d=Answer}`, "
    "`${m://FirstName}` and `${e://Field/ward}` is filled in; so are the placeholders of templates."
)
_EXAMPLE: Final = {"en": '<p>Hello ${m://FirstName},</p><p><a href="${l://SurveyURL}">How was your stay?</a></p>'}


def _check_category(category: str) -> str:
    if category not in KEPT:
        text = f"Messages of this category are not kept here. Use {', '.join(KEPT)}."
        raise PydanticCustomError("unsupported_category", "{text}", {"text": text})
    return category


def _check_messages(messages: dict[str, str | None]) -> dict[str, str | None]:
    """Return the texts by lower-case languages, with our placeholders."""
    faults, read = [], {}
    for language, text in messages.items():
        if language.lower() in read:
            faults.append(DataFault((language,), "locale_twice", "This language is given twice."))
        # Whether it is HTML does not matter to what is unknown.
        if unknown := unknown_placeholders(to_placeholders(text or "", is_html=True)):
            faults.append(
                DataFault((language,), "unknown_placeholder", f"Unknown placeholder: {', '.join(unknown[:10])}.")
            )
        read[language.lower()] = text
    if faults:
        raise PydanticCustomError("invalid_data", "These texts cannot be kept.", {"faults": faults})
    return read


_CHECK = AfterValidator(_check_messages)
_Category = Annotated[str, AfterValidator(_check_category), WithJsonSchema({"type": "string", "enum": [*KEPT]})]


class MessageToCreate(Body):
    """A message to create."""

    description: _Description = Field(
        description="Name of the message, and the subject of e-mails whose send gives none.",
        examples=["How was your stay?"],
    )
    category: _Category = Field(
        description="`smsInvite` makes a text message, every other one an e-mail. Other published categories are of "
        "texts that are not kept here: 400.",
        examples=["invite"],
    )
    messages: Annotated[dict[_Language, _Text], Field(min_length=1, max_length=MAX_LANGUAGES), _CHECK] = Field(
        description=_MESSAGES, examples=[_EXAMPLE]
    )


class MessageChanges(Body):
    """What to change of a message. Fields and languages that are left out are not changed."""

    description: _Description = Field("", description="Name of the message.", examples=["How was your stay?"])
    messages: Annotated[dict[_Language, _Text | None], Field(max_length=MAX_LANGUAGES), _CHECK] = Field(
        {}, description=f"{_MESSAGES} Null removes a language; one must remain.", examples=[_EXAMPLE]
    )


class MessageMade(Element):
    """The message that was created."""

    id: str = id_field(Kind.MESSAGE, "Id of the message.")


class LibraryMessageElement(Element):
    """A message of the library, which is a template."""

    id: str = id_field(Kind.MESSAGE, "Id of the message.")
    description: str = Field(description="Name of the template.", examples=["Discharge survey"])
    category: str = Field(
        description="`invite`, `reminder`, `thankYou` or `general` for e-mail, `smsInvite` for SMS and WhatsApp.",
        examples=["invite"],
    )
    channel: str = Field(description="Extension: `email`, `sms` or `whatsapp`.", examples=["email"])


class WholeMessageElement(LibraryMessageElement):
    """A message of the library with its texts."""

    messages: dict[str, str] = Field(
        description="Texts by lower-case language: the HTML of an e-mail, or its plain text if it has none.",
        examples=[_EXAMPLE],
    )


def render_message(template: Template) -> dict[str, Any]:
    return LibraryMessageElement(**_message(template)).render()


def render_whole_message(template: Template) -> dict[str, Any]:
    """Render a template whose variants are prefetched."""
    texts = {
        variant.locale.lower(): from_placeholders(variant.html or variant.text) for variant in template.variants.all()
    }
    return WholeMessageElement(**_message(template), messages=texts).render()


def variant_of(channel: str, message: str, subject: str) -> Mapping[str, str]:
    """Return the texts of a template's variant for a message."""
    if channel != Channel.EMAIL:
        return {"text": to_placeholders(message, is_html=False)}
    if not is_html(message):
        if "Link?d=" not in message:
            return {"subject": subject, "text": to_placeholders(message, is_html=False)}
        message = message.replace("\n", "<br>\n")  # the link makes it HTML
    html = to_placeholders(message, is_html=True)
    return {"subject": subject, "html": html, "text": plain_text(html) or "${link}"}


def _message(template: Template) -> dict[str, Any]:
    return {
        "id": public_id(Kind.MESSAGE, template.pk),
        "description": template.name,
        "category": category_of(template),
        "channel": template.channel,
    }
