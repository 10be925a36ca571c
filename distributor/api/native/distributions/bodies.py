"""The bodies of the calls that create and reschedule distributions. An optional field that is null is not given."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from distributor.api.bodies.fields import NULL_IS_DEFAULT, AwareMomentOrNone, EmbeddedData, Line255
from distributor.api.native.distributions.recipient_bodies import AudienceBody
from distributor.api.native.distributions.step_bodies import MAX_MINUTES, Steps
from distributor.api.wire import Body

DRY_RUN = "true: return what would happen, with status 200, and do nothing."
ATTRIBUTES = (
    "Data for every recipient of this distribution, used in texts as ${contact:key}. Over the contact's embedded data, "
    "which stays as it is; under `embeddedData` that the call gives for a contact."
)
LINK_TYPE = (
    "one_time: a response uses the link up. multiple: it does not. anonymous: responses are stored without a contact."
)


class RulesBody(Body):
    """Which contacts to leave out."""

    exclude_opted_out: Annotated[bool, NULL_IS_DEFAULT] = Field(
        default=True, description="Leave out contacts who opted out.", examples=[True]
    )
    respect_frequency_rules: Annotated[bool, NULL_IS_DEFAULT] = Field(
        default=True, description="Leave out contacts whom the organisation's frequency rules protect.", examples=[True]
    )
    recent_contact_days: Annotated[int, Field(ge=1, le=365)] | None = Field(
        default=None,
        description="Leave out contacts who were sent any survey within this many days. null: leave out nobody for "
        "this.",
        examples=[30],
    )


class ThrottleBody(Body):
    """How soon the same contact may be sent this survey again."""

    minutes: Annotated[int, Field(ge=0, le=MAX_MINUTES)] = Field(
        description="The minimum time between two sends. 0: none.", examples=[10080]
    )
    policy: Annotated[Literal["defer", "skip", "reject"], NULL_IS_DEFAULT] = Field(
        "defer",
        description="What happens to contacts for whom it is too early. defer: they are sent to later. skip: they are "
        "left out. reject: the call is refused (409).",
        examples=["defer"],
    )


class SurveySendBody(Body):
    """A survey to send, without the people it goes to."""

    survey_id: UUID = Field(description="The survey.", examples=["0194c4f0-3c2b-7e44-9f10-1a2b3c4d5e6f"])
    name: Line255 | None = Field(None, description="A name for the distribution.", examples=["March guests"])
    attributes: EmbeddedData | None = Field(None, description=ATTRIBUTES, examples=[{"season": "spring"}])
    steps: Steps = Field(description="The messages to send: invitations, reminders and thank-yous.")
    channel_mode: Annotated[Literal["single", "multi"], NULL_IS_DEFAULT] = Field(
        "single",
        description="single: the first invitation that reaches the contact. multi: one invitation after the other.",
        examples=["multi"],
    )
    stops_on: Annotated[Literal["response", "opened", "delivered"], NULL_IS_DEFAULT] = Field(
        "response",
        description="What ends the fallbacks of multi mode. A response always does; opened and delivered do as well if "
        "given here.",
        examples=["response"],
    )
    scheduled_at: AwareMomentOrNone = Field(
        None, description="When to begin. Omit it to send now.", examples=["2026-03-05T09:00:00+01:00"]
    )
    not_after: AwareMomentOrNone = Field(
        None,
        description="Recipients not sent to by this time are never sent to.",
        examples=["2026-03-12T18:00:00+01:00"],
    )
    expires_at: AwareMomentOrNone = Field(
        None,
        description="From this time on nothing is sent and links are closed.",
        examples=["2026-04-05T09:00:00+02:00"],
    )
    rules: Annotated[RulesBody, NULL_IS_DEFAULT] = Field(
        RulesBody(), description="Which contacts of the audience to leave out."
    )
    throttle: ThrottleBody | None = Field(
        None, description="Omit it to use the survey's throttle, otherwise the organisation's."
    )
    link_type: Annotated[Literal["one_time", "multiple", "anonymous"], NULL_IS_DEFAULT] = Field(
        "one_time", description=LINK_TYPE, examples=["one_time"]
    )
    send: Annotated[bool, NULL_IS_DEFAULT] = Field(
        True, description="false: create links and send nothing.", examples=[True]
    )


class DistributionBody(SurveySendBody):
    """A survey to send."""

    audience: AudienceBody = Field(description="The people to send to.")
    dry_run: Annotated[bool, NULL_IS_DEFAULT] = Field(False, description=DRY_RUN, examples=[False])


class ScheduleBody(Body):
    """When to begin."""

    scheduled_at: AwareMomentOrNone = Field(
        description="When to begin. null or a past time: now.", examples=["2026-03-06T09:00:00+01:00"]
    )


class CloneBody(Body):
    """When and under which name to send again."""

    scheduled_at: AwareMomentOrNone = Field(
        None,
        description="When to begin. Omit it to send now. notAfter and expiresAt move by the same time.",
        examples=["2026-04-06T09:00:00+02:00"],
    )
    name: Line255 | None = Field(
        None, description="A name for the new distribution. Omit it to use the same.", examples=["April guests"]
    )
