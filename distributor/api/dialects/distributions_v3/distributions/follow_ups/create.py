"""Between this dialect's reminders and thank-yous and steps that are added to a distribution."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final
from uuid import UUID

from contacts.channel import Channel
from contacts.models import Organization
from distributor.api.dialects.distributions_v3 import faults
from distributor.api.dialects.distributions_v3.distributions.bodies import FollowUpBody, SmsBody
from distributor.api.dialects.distributions_v3.distributions.send import message_step
from distributor.api.problems import Fault, Problem, invalid_request
from distributor.engine.acceptance.references import UnknownReferencesError
from distributor.engine.follow_up.add import FollowUpRefusal, FollowUpRefusedError, add_follow_up
from distributor.models import Distribution, Step
from distributor.rules.journey.chain import StepKind
from distributor.rules.requests import StepRequest

Found = Mapping[str, UUID]
_KINDS: Final = {"Reminder": StepKind.REMINDER, "ThankYou": StepKind.THANK_YOU}
_HINDRANCES: Final = {
    FollowUpRefusal.CANCELLED: "The distribution was cancelled.",
    FollowUpRefusal.EXPIRED: "The distribution has expired: nothing leaves any more.",
    FollowUpRefusal.TOO_LATE: "By the sendDate the distribution will have expired.",
    FollowUpRefusal.NOTHING_SENT: "This distribution sends nothing itself, so it has no reminders or thank-yous.",
    FollowUpRefusal.NOBODY_TO_THANK: "Links are anonymous: nobody knows who has finished.",
    FollowUpRefusal.TOO_MANY: "Nothing more is added to this distribution.",
}


def follow_up(parent: Distribution, kind: StepKind, wire: FollowUpBody, found: Found, now: datetime) -> Step:
    """By e-mail, to everybody whom it concerns or to one contact. Raises Problems."""
    step = message_step(
        parent.organization,
        Channel.EMAIL,
        parent.survey_id,
        found["/message/messageId"],
        wire.header,
        kind=kind,
        scheduled_at=max(wire.send_date or now, now),
    )
    return _add(parent, step, found.get("/contactId"), "/contactId", now)


def follow_up_by_sms(organization: Organization, wire: SmsBody, found: Found, now: datetime) -> Step:
    """By text message, after the distribution that the body names. Raises Problems."""
    parent = Distribution.objects.select_related("organization").get(pk=found["/parentDistributionId"])
    if told := list(_mismatches(parent, found)):
        raise invalid_request(told)
    step = message_step(
        organization,
        Channel.SMS,
        parent.survey_id,
        found["/message/messageId"],
        kind=_KINDS[wire.method],
        scheduled_at=max(wire.send_date or now, now),
    )
    return _add(parent, step, found.get("/recipients/contactId"), "/recipients/contactId", now)


def _mismatches(parent: Distribution, found: Found) -> list[Fault]:
    """What the body says of the parent besides, and is not so."""
    told = []
    if found["/surveyId"] != parent.survey_id:
        told.append(Fault("/surveyId", "other_survey", "The parent distribution is of another survey."))
    if found.get("/recipients/mailingListId", parent.mailing_list_id) != parent.mailing_list_id:
        detail = "The parent distribution went to another mailing list."
        told.append(Fault("/recipients/mailingListId", "other_mailing_list", detail))
    return told


def _add(parent: Distribution, step: StepRequest, contact_id: UUID | None, pointer: str, now: datetime) -> Step:
    try:
        return add_follow_up(parent.pk, step, now, contact_id=contact_id)
    except UnknownReferencesError as refusal:
        raise faults.explain_references(refusal) from None
    except FollowUpRefusedError as refusal:
        if refusal.hindrance is FollowUpRefusal.NOT_A_RECIPIENT:
            fault = Fault(pointer, "not_a_recipient", "The distribution did not go to this contact.")
            raise invalid_request([fault]) from None
        raise Problem(HTTPStatus.CONFLICT, refusal.hindrance.value, _HINDRANCES[refusal.hindrance]) from None
