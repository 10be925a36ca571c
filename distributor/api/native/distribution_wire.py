"""The bodies of POST /api/v1/distributions and /links. An optional field that is null counts as not given."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, Self, TypeVar
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, model_validator, with_config
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from distributor.api.fields import (
    NULL_IS_DEFAULT,
    AwareMoment,
    DataFault,
    Email,
    EmbeddedData,
    Identifier,
    Line255,
    Phone,
    Subject,
)
from distributor.api.native.contact_wire import none_if_blank
from distributor.api.native.shapes import Body, Document, Locale
from distributor.api.native.wire import DistributionDocument

ValueT = TypeVar("ValueT")
MAX_CONTACTS = 1_000
MAX_IDS = 10_000
MAX_STEPS = 10
MAX_PROVIDERS = 10
MAX_MINUTES = 525_600  # a year
INVITATION, FOLLOWING = "invitation", ("reminder", "thank_you")
NO_INVITATION = ("no_invitation", "One step at least is an invitation.")
NAMELESS = ("no_identifier", "One of externalId, contactId and email is needed.")


@with_config(ConfigDict(alias_generator=to_camel, strict=True, extra="forbid", frozen=True))
class RecipientBody(TypedDict, total=False):
    """A contact to send to; at least one of contactId, externalId and email. A blank text counts as not given."""

    contact_id: UUID | None
    external_id: Annotated[Identifier | None, AfterValidator(none_if_blank)]
    email: Email | None
    phone: Phone | None
    first_name: Line255 | None
    last_name: Line255 | None
    embedded_data: Annotated[EmbeddedData | None, Field(description="Read in texts as ${contact:key}.")]
    send_at: Annotated[AwareMoment | None, Field(description="For this contact: not before.")]
    last_sent_at: Annotated[
        AwareMoment | None, Field(description="When it was last sent this survey, instead of what we know.")
    ]
    locale: Annotated[Locale | None, Field(description="BCP 47, of this send.")]


def is_named(contact: RecipientBody) -> bool:
    return bool(contact.get("external_id") or contact.get("contact_id") or contact.get("email"))


def _each_is_named(contacts: list[RecipientBody]) -> list[RecipientBody]:
    nameless = [DataFault((place,), *NAMELESS) for place, contact in enumerate(contacts) if not is_named(contact)]
    return _unless(nameless, contacts)


def _is_named(contact: RecipientBody) -> RecipientBody:
    return contact if is_named(contact) else _unless([DataFault((), *NAMELESS)], contact)


def _unless(faults: list[DataFault], value: ValueT) -> ValueT:
    """The value, unless there are faults."""
    if faults:
        raise PydanticCustomError("invalid_data", "This does not fit together.", {"faults": faults})
    return value


def step_contradictions(said: Mapping[str, Any]) -> Iterator[DataFault]:
    """What does not fit together in a step, by its fields' names; whatever their values are, it can be asked."""
    kind, delay = said.get("kind") or INVITATION, said.get("delayMinutes")
    if kind == INVITATION:
        if delay is not None:
            yield DataFault(("delayMinutes",), "not_of_invitations", "An invitation leaves as scheduled.")
    elif kind in FOLLOWING:
        if delay is None:
            yield DataFault(("delayMinutes",), "missing", "After how many minutes is not said.")
        if kind == "reminder" and delay == 0:
            yield DataFault(("delayMinutes",), "no_delay", "A reminder comes at least a minute after a message.")
        if said.get("fallbackDelayMinutes") is not None:
            yield DataFault(("fallbackDelayMinutes",), "only_of_invitations", "Only an invitation has a fallback.")
    yield from _provider_faults(said.get("providerIds"), said.get("weights"))
    if said.get("subject") and said.get("channel") in ("sms", "whatsapp"):
        yield DataFault(("subject",), "only_of_email", "Only an e-mail has a subject.")


def _provider_faults(ids: Any, weights: Any) -> Iterator[DataFault]:
    if not isinstance(ids, list):
        return
    for place, provider_id in enumerate(ids):
        if provider_id in ids[:place]:
            yield DataFault(("providerIds", place), "named_twice", "This provider is named already.")
    if isinstance(weights, list) and len(weights) != len(ids):
        yield DataFault(("weights",), "not_one_each", "There is one weight for each provider, or none at all.")


class StepBody(Body):
    """A way to reach people: the sender and subject overrides hold for this distribution only."""

    kind: Annotated[
        Literal["invitation", "reminder", "thank_you"],
        NULL_IS_DEFAULT,
        Field(description="reminder: to who was reached and does not answer; thank_you: to who answers."),
    ] = "invitation"
    channel: Literal["email", "sms", "whatsapp"]
    provider_ids: Annotated[list[UUID], Field(min_length=1, max_length=MAX_PROVIDERS)] = Field(
        description="Each stands in for those before it; with weights they share the messages."
    )
    weights: Annotated[
        list[Annotated[int, Field(ge=1, le=10_000)]] | None, Field(description="One for each provider, or none.")
    ] = None
    template_id: UUID
    priority: Annotated[int, Field(ge=1, le=10, description="Among steps of a kind."), NULL_IS_DEFAULT] = 1
    from_email: Email | None = None
    from_name: Line255 | None = None
    reply_to_email: Email | None = None
    subject: Subject = Field(None, description="E-mail only: instead of the template's, with the same placeholders.")
    fallback_delay_minutes: Annotated[int, Field(ge=0, le=MAX_MINUTES)] | None = Field(
        None, description="Of an invitation: without a response for so long, the next one."
    )
    delay_minutes: Annotated[int, Field(ge=0, le=MAX_MINUTES)] | None = Field(
        None, description="Of a reminder: after the last message, at least 1. Of a thank-you: after the response."
    )

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        return _unless(list(step_contradictions(self.model_dump(by_alias=True))), self)


def invites(kinds: Iterable[Any]) -> bool:
    """Whether any of the steps may be an invitation, by their kinds as given."""
    return any(kind not in FOLLOWING for kind in kinds)


def _one_invites(steps: list[StepBody]) -> list[StepBody]:
    return _unless([] if invites(step.kind for step in steps) else [DataFault((), *NO_INVITATION)], steps)


Steps = Annotated[list[StepBody], Field(min_length=1, max_length=MAX_STEPS), AfterValidator(_one_invites)]


class FilterBody(Body):
    """Contacts by what is known of them."""

    embedded_data: Annotated[EmbeddedData, Field(min_length=1, description="All of it is in the contact's.")]


class AudienceBody(Body):
    """Whom to send to: one of the four."""

    contacts: Annotated[
        Annotated[list[RecipientBody], Field(min_length=1, max_length=MAX_CONTACTS), AfterValidator(_each_is_named)]
        | None,
        Field(description="Made or merged, as the quick dialect does."),
    ] = None
    list_id: UUID | None = None
    contact_ids: Annotated[list[UUID], Field(min_length=1, max_length=MAX_IDS)] | None = None
    filter: FilterBody | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        said = [one for one in (self.contacts, self.list_id, self.contact_ids, self.filter) if one is not None]
        text = "One of contacts, listId, contactIds and filter is needed, and only one."
        return _unless([] if len(said) == 1 else [DataFault((), "not_one_audience", text)], self)


class RulesBody(Body):
    """Whom to leave out."""

    exclude_opted_out: Annotated[bool, NULL_IS_DEFAULT] = True
    respect_frequency_rules: Annotated[bool, NULL_IS_DEFAULT] = True
    recent_contact_days: Annotated[
        Annotated[int, Field(ge=1, le=365)] | None,
        Field(description="Leave out who was sent any survey within so many days. null: nobody for that."),
    ] = None


class ThrottleBody(Body):
    """How soon the same contact may be sent this survey again, and what becomes of who is too early."""

    minutes: Annotated[int, Field(ge=0, le=MAX_MINUTES, description="0: at any time.")]
    policy: Annotated[Literal["defer", "skip", "reject"], NULL_IS_DEFAULT] = "defer"


class DistributionBody(Body):
    """A survey to people."""

    survey_id: UUID
    name: Line255 | None = None
    steps: Steps
    channel_mode: Annotated[
        Literal["single", "multi"],
        NULL_IS_DEFAULT,
        Field(description="single: the first step that reaches the contact; multi: one after the other."),
    ] = "single"
    stops_on: Annotated[
        Literal["response", "opened", "delivered"],
        NULL_IS_DEFAULT,
        Field(description="What ends the fallbacks of multi mode: a response, or what is named as well."),
    ] = "response"
    audience: AudienceBody
    scheduled_at: AwareMoment | None = Field(None, description="Omit to send now.")
    not_after: AwareMoment | None = Field(None, description="The last moment at which anything leaves.")
    expires_at: AwareMoment | None = Field(None, description="Ends sends and links.")
    rules: Annotated[RulesBody, NULL_IS_DEFAULT] = RulesBody()
    throttle: ThrottleBody | None = Field(None, description="Omit for the survey's own, else the organisation's.")
    link_type: Annotated[
        Literal["one_time", "multiple", "anonymous"],
        NULL_IS_DEFAULT,
        Field(description="multiple: a response does not use the link up; anonymous: it is nobody's."),
    ] = "one_time"
    send: Annotated[bool, NULL_IS_DEFAULT, Field(description="false: everybody gets a link and no message.")] = True


class LinkBody(Body):
    """One contact's link to a survey, for a caller that sends it by itself."""

    survey_id: UUID
    contact: Annotated[RecipientBody, AfterValidator(_is_named)]
    name: Line255 | None = None
    steps: Annotated[
        Steps | None,
        Field(description="Nothing is sent by them. Omit for the defaults of the first channel that has them."),
    ] = None
    expires_at: AwareMoment | None = None
    link_type: Annotated[Literal["one_time", "multiple", "anonymous"], NULL_IS_DEFAULT] = "one_time"


class PersonalLink(Document):
    contact_id: UUID
    external_id: str | None
    email: str | None
    code: str
    link: str


class DistributionAccepted(DistributionDocument):
    links: list[PersonalLink] | None = Field(description="Of contacts that the call named; null for other audiences.")


class LinkMade(PersonalLink):
    distribution_id: UUID
