"""Bodies that name the recipients of a distribution or a link."""

from typing import Annotated, Self, TypeVar
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator, with_config
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from distributor.api.bodies.fields import (
    NO_IDENTIFIER,
    AwareMomentOrNone,
    DataFault,
    Email,
    EmbeddedData,
    ExternalIdOrNone,
    LanguageTag,
    Line255,
    Phone,
)
from distributor.api.wire import Body

ValueT = TypeVar("ValueT")
MAX_CONTACTS = 1_000
MAX_IDS = 10_000


# A TypedDict: a thousand of them are validated faster than a thousand models.
@with_config(Body.model_config)
class RecipientBody(TypedDict, total=False):
    """A contact to send to, with at least one of contactId, externalId and email. Blank texts count as not given."""

    contact_id: Annotated[
        UUID | None,
        Field(description="The id of an existing contact.", examples=["0194c4f0-5a3d-7b19-a0c4-9d1e2f3a4b5c"]),
    ]
    external_id: Annotated[ExternalIdOrNone, Field(description="The contact's id in your system.", examples=["PAT-1"])]
    email: Annotated[Email | None, Field(description="E-mail address.", examples=["ann@example.com"])]
    phone: Annotated[
        Phone | None,
        Field(
            description="Phone number. Without a country code it is read as a number of the organisation's country.",
            examples=["+48600000001"],
        ),
    ]
    first_name: Annotated[Line255 | None, Field(description="First name.", examples=["Ann"])]
    last_name: Annotated[Line255 | None, Field(description="Last name.", examples=["Ono"])]
    embedded_data: Annotated[
        EmbeddedData | None,
        Field(description="Your own data, used in texts as ${contact:key}.", examples=[{"ward": "B"}]),
    ]
    send_at: Annotated[
        AwareMomentOrNone,
        Field(description="Send to this contact no earlier than this.", examples=["2026-03-05T09:00:00+01:00"]),
    ]
    last_sent_at: Annotated[
        AwareMomentOrNone,
        Field(
            description="When the contact was last sent this survey, for throttling. Replaces our own record.",
            examples=["2026-02-01T09:00:00+01:00"],
        ),
    ]
    locale: Annotated[LanguageTag | None, Field(description="Language of this send, in BCP 47.", examples=["pl-PL"])]


def refuse_if(faults: list[DataFault], value: ValueT) -> ValueT:
    """Return the value if there are no faults. Raise pydantic's error with all of them otherwise."""
    if faults:
        raise PydanticCustomError("invalid_data", "These values contradict each other.", {"faults": faults})
    return value


def _is_identified(contact: RecipientBody) -> bool:
    return bool(contact.get("external_id") or contact.get("contact_id") or contact.get("email"))


def _require_identified(contacts: list[RecipientBody]) -> list[RecipientBody]:
    faults = [
        DataFault((place,), *NO_IDENTIFIER) for place, contact in enumerate(contacts) if not _is_identified(contact)
    ]
    return refuse_if(faults, contacts)


def _require_one_identified(contact: RecipientBody) -> RecipientBody:
    return refuse_if([] if _is_identified(contact) else [DataFault((), *NO_IDENTIFIER)], contact)


IdentifiedRecipient = Annotated[RecipientBody, AfterValidator(_require_one_identified)]
_IdentifiedRecipients = Annotated[
    list[RecipientBody], Field(min_length=1, max_length=MAX_CONTACTS), AfterValidator(_require_identified)
]


class FilterBody(Body):
    """A condition on contacts."""

    embedded_data: Annotated[EmbeddedData, Field(min_length=1)] = Field(
        description="The contact's embedded data contains all of this.", examples=[{"ward": "B"}]
    )


class AudienceBody(Body):
    """The contacts that are sent to. Give exactly one of the four fields."""

    contacts: _IdentifiedRecipients | None = Field(
        None, description="The contacts themselves. Each is created, or merged into the existing contact."
    )
    list_id: UUID | None = Field(
        None, description="All contacts of a mailing list.", examples=["0194c4f0-4b1e-7d55-b7a1-0c9d8e7f6a5b"]
    )
    contact_ids: Annotated[list[UUID], Field(min_length=1, max_length=MAX_IDS)] | None = Field(
        None, description="Existing contacts by their ids.", examples=[["0194c4f0-5a3d-7b19-a0c4-9d1e2f3a4b5c"]]
    )
    filter: FilterBody | None = Field(None, description="All contacts of the organisation that meet a condition.")

    @model_validator(mode="after")
    def _require_exactly_one(self) -> Self:
        given = [
            choice for choice in (self.contacts, self.list_id, self.contact_ids, self.filter) if choice is not None
        ]
        text = "Give exactly one of contacts, listId, contactIds and filter."
        return refuse_if([] if len(given) == 1 else [DataFault((), "not_one_audience", text)], self)
