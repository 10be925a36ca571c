"""Bodies and answers of the link calls."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from distributor.api.bodies.fields import NULL_IS_DEFAULT, AwareMomentOrNone, DataFault, EmbeddedData, Line255
from distributor.api.native.distributions.bodies import ATTRIBUTES, DRY_RUN, LINK_TYPE
from distributor.api.native.distributions.documents import PersonalLink
from distributor.api.native.distributions.recipient_bodies import IdentifiedRecipient, refuse_if
from distributor.api.native.distributions.step_bodies import Steps
from distributor.api.wire import Body, Document
from distributor.engine.responses.links import Link
from distributor.rules.links import LinkState


class LinkBody(Body):
    """A link to create. The caller sends it."""

    survey_id: UUID = Field(description="The survey.", examples=["0194c4f0-3c2b-7e44-9f10-1a2b3c4d5e6f"])
    contact: IdentifiedRecipient | None = Field(
        None, description="The contact. Omit it for an anonymous link that is nobody's, such as one on a poster."
    )
    name: Line255 | None = Field(None, description="A name for the link's distribution.", examples=["Front desk"])
    steps: Steps | None = Field(
        None,
        description="The steps of the link's distribution. Nothing is sent by them. Omit them for the first channel "
        "that has a default provider and a default template.",
    )
    expires_at: AwareMomentOrNone = Field(
        None, description="From this time on the link is closed.", examples=["2026-04-05T09:00:00+02:00"]
    )
    link_type: Annotated[Literal["one_time", "multiple", "anonymous"], NULL_IS_DEFAULT] = Field(
        "one_time", description=LINK_TYPE, examples=["one_time"]
    )
    attributes: EmbeddedData | None = Field(None, description=ATTRIBUTES, examples=[{"season": "spring"}])
    dry_run: Annotated[bool, NULL_IS_DEFAULT] = Field(False, description=DRY_RUN, examples=[False])

    @model_validator(mode="after")
    def _require_contact(self) -> Self:
        if self.contact is not None:
            return self
        if self.link_type != "anonymous":
            text = "Give a contact. Only an anonymous link may be nobody's."
            return refuse_if([DataFault(("contact",), "missing", text)], self)
        text = "A link that is nobody's has no dry run: there is nobody to be judged."
        return refuse_if([DataFault(("dryRun",), "not_supported", text)] if self.dry_run else [], self)


class LinkMade(PersonalLink):
    """A new link. Of a link that is nobody's, all fields of the contact are null."""

    contact_id: UUID | None = Field(  # type: ignore[assignment]  # wider than of a personal link
        description="The contact.", examples=["0194c4f0-5a3d-7b19-a0c4-9d1e2f3a4b5c"]
    )

    distribution_id: UUID = Field(
        description="The distribution of the link.", examples=["0194c4f0-9f33-7a77-b2c3-d4e5f6071829"]
    )


class LinkContact(Document, extra="forbid"):
    """The contact of a link."""

    id: UUID = Field(description="The contact's id.", examples=["0194c4f0-5a3d-7b19-a0c4-9d1e2f3a4b5c"])
    external_id: str | None = Field(description="The contact's id in your system.", examples=["PAT-1"])
    email: str | None = Field(description="E-mail address.", examples=["ann@example.com"])
    email_unicode: str | None = Field(
        description="The e-mail address with its international domain as people write it; null if it has none.",
        examples=["ann@bücher.example"],
    )
    first_name: str | None = Field(description="First name.", examples=["Ann"])
    last_name: str | None = Field(description="Last name.", examples=["Ono"])


class LinkThankYou(Document, extra="forbid"):
    """What to show after the response: the texts of this send, otherwise those of the survey. Unset texts are empty."""

    message: str = Field(description="The message.", examples=["Thank you for your time."])
    link_text: str = Field(description="The text of the link below it.", examples=["Home"])
    link_url: str = Field(description="Where that link leads.", examples=["https://www.example.com/"])


class LinkContext(Document, extra="forbid"):
    """Everything that a survey tool needs to greet the person who followed a link."""

    code: str = Field(description="The code of the link.", examples=["Xk3vQ9bTz1Lm"])
    state: LinkState = Field(description="Whether the link can be used.", examples=["open"])
    locale: str = Field(
        description="Language in BCP 47: of this send, otherwise of the contact, otherwise the survey's default.",
        examples=["pl-PL"],
    )
    attributes: dict[str, Any] = Field(
        description="The contact's embedded data, overridden by the data of this send.", examples=[{"ward": "B"}]
    )
    contact: LinkContact | None = Field(description="The contact; null if the link is nobody's.")
    survey_id: UUID = Field(description="The survey.", examples=["0194c4f0-3c2b-7e44-9f10-1a2b3c4d5e6f"])
    distribution_id: UUID = Field(description="The distribution.", examples=["0194c4f0-9f33-7a77-b2c3-d4e5f6071829"])
    expires_at: datetime | None = Field(
        description="From this time on the link is closed; null if it does not expire.",
        examples=["2026-04-05T07:00:00Z"],
    )
    thank_you: LinkThankYou = Field(description="What to show after the response.")
    responded_at: datetime | None = Field(
        description="When the contact responded; null if it did not.", examples=["2026-03-06T12:00:00Z"]
    )


class ResponseBody(Body):
    """A response to a survey."""

    answers: Annotated[EmbeddedData, Field(max_length=100)] = Field(
        description="Up to 100 answers by question; any JSON.", examples=[{"score": 9, "comment": "Very kind staff."}]
    )


class StoredResponse(Document, extra="forbid"):
    """A response that was stored."""

    id: UUID = Field(description="The id of the response.", examples=["0194c4f0-b155-7c99-94e5-f60718293041"])
    submitted_at: datetime = Field(description="When it was submitted.", examples=["2026-03-06T12:00:00Z"])


def render_link_context(link: Link) -> dict[str, Any]:
    recipient, contact = link.recipient, link.recipient.contact
    return LinkContext(
        code=recipient.code,
        state=link.state,
        locale=link.locale,
        attributes=dict(link.attributes),
        contact=None
        if link.is_for_nobody
        else LinkContact(
            id=contact.id,
            external_id=contact.external_id,
            email=contact.email or None,
            email_unicode=contact.email_unicode or None,
            first_name=contact.first_name or None,
            last_name=contact.last_name or None,
        ),
        survey_id=link.survey.id,
        distribution_id=recipient.distribution_id,
        expires_at=recipient.distribution.expires_at,
        thank_you=LinkThankYou.model_validate(link.thanks),
        responded_at=recipient.responded_at,
    ).rendered()
