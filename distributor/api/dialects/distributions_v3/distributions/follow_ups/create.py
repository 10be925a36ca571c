"""Add reminders and thank-yous to a distribution."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from rest_framework.request import Request

from contacts.channel import Channel
from distributor.api.answers.problems import Fault, Problem, invalid_request
from distributor.api.bodies.fields import MAX_KEYS
from distributor.api.calls.audit import record_call
from distributor.api.calls.key_kinds import require_same_kind
from distributor.api.dialects.distributions_v3 import faults
from distributor.api.dialects.distributions_v3.distributions.bodies import SmsBody
from distributor.api.dialects.distributions_v3.distributions.follow_ups.body import FollowUpBody
from distributor.api.dialects.distributions_v3.distributions.message_step import Keys, message_step
from distributor.engine.acceptance.references import UnknownReferencesError
from distributor.engine.follow_up.add import FollowUpRefusal, FollowUpRefusedError, add_follow_up
from distributor.models import Distribution, Step
from distributor.rules.journey.chain import StepKind
from distributor.rules.requests import StepRequest

_KINDS: Final = {"Reminder": StepKind.REMINDER, "ThankYou": StepKind.THANK_YOU}
_REFUSAL_DETAILS: Final = {
    FollowUpRefusal.CANCELLED: "The distribution was cancelled.",
    FollowUpRefusal.EXPIRED: "The distribution has expired.",
    FollowUpRefusal.TOO_LATE: "The distribution will have expired by the sendDate.",
    FollowUpRefusal.NOTHING_SENT: "This distribution only makes links, so it has no reminders or thank-yous.",
    FollowUpRefusal.NOBODY_TO_THANK: "The links are anonymous, so it is not known who has finished.",
    FollowUpRefusal.TOO_MANY: "This distribution cannot have more reminders and thank-yous.",
}


def create_follow_up(parent: Distribution, kind: StepKind, body: FollowUpBody, keys: Keys, now: datetime) -> Step:
    """Add a reminder or thank-you by e-mail, to one contact or to all that it is meant for. Raises Problems."""
    step = message_step(
        parent.organization,
        Channel.EMAIL,
        parent.survey_id,
        body.message,
        keys,
        body.header,
        kind=kind,
        scheduled_at=max(body.send_date or now, now),
    )
    return _add(parent, step, keys.get("/contactId"), "/contactId", body.embedded_data, now)


def create_sms_follow_up(request: Request, body: SmsBody, keys: Keys, now: datetime) -> Step:
    """Add a reminder or thank-you by SMS to the body's parent distribution. Raises Problems."""
    parent = Distribution.objects.select_related("organization").get(pk=keys["/parentDistributionId"])
    require_same_kind(request, parent)
    if mismatches := list(_find_mismatches(parent, keys)):
        raise invalid_request(mismatches)
    step = message_step(
        parent.organization,
        Channel.SMS,
        parent.survey_id,
        body.message,
        keys,
        kind=_KINDS[body.method],
        scheduled_at=max(body.send_date or now, now),
    )
    with transaction.atomic():
        contact_id = keys.get("/recipients/contactId")
        added = _add(parent, step, contact_id, "/recipients/contactId", body.embedded_data, now)
        record_call(request, "step_added", parent)
    return added


def _find_mismatches(parent: Distribution, keys: Keys) -> Iterator[Fault]:
    """Find ids of the body that differ from the parent's."""
    if keys["/surveyId"] != parent.survey_id:
        yield Fault("/surveyId", "other_survey", "The parent distribution has another survey.")
    if keys.get("/recipients/mailingListId", parent.mailing_list_id) != parent.mailing_list_id:
        detail = "The parent distribution has another mailing list."
        yield Fault("/recipients/mailingListId", "other_mailing_list", detail)


def _add(
    parent: Distribution,
    step: StepRequest,
    contact_id: UUID | None,
    pointer: str,
    attributes: Mapping[str, Any] | None,
    now: datetime,
) -> Step:
    try:
        return add_follow_up(parent.pk, step, now, contact_id=contact_id, attributes=attributes)
    except UnknownReferencesError as refusal:
        raise faults.explain_references(refusal) from None
    except FollowUpRefusedError as refusal:
        if refusal.reason is FollowUpRefusal.NOT_A_RECIPIENT:
            fault = Fault(pointer, "not_a_recipient", "This contact is not a recipient of the distribution.")
            raise invalid_request([fault]) from None
        if refusal.reason is FollowUpRefusal.TOO_MANY_ATTRIBUTES:
            detail = f"Too many keys together with those that are there: at most {MAX_KEYS}."
            raise invalid_request([Fault("/embeddedData", "too_many_keys", detail)]) from None
        raise Problem(HTTPStatus.CONFLICT, refusal.reason.value, _REFUSAL_DETAILS[refusal.reason]) from None
