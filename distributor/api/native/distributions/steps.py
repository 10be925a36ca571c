"""/api/v1/distributions/{id}/steps: the steps with their counts, and adding reminders and thank-yous."""

from http import HTTPStatus
from typing import ClassVar, Final

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.answers.pagination import page_response, parse_row_number, read_page
from distributor.api.answers.problems import Fault, Problem, invalid_request
from distributor.api.bodies.fields import MAX_KEYS
from distributor.api.bodies.validation import parse_body
from distributor.api.calls.authentication import caller_key
from distributor.api.calls.idempotency import idempotent
from distributor.api.native.distributions.faults import NOBODY_TO_THANK, follow_up_faults
from distributor.api.native.distributions.lookup import find_distribution
from distributor.api.native.distributions.step_bodies import AddedStepBody
from distributor.api.native.distributions.step_documents import (
    STEPS,
    StepDocument,
    StepPage,
    render_counted_step,
    step_document,
)
from distributor.api.native.distributions.translate import to_follow_up
from distributor.api.native.operations import (
    DISTRIBUTIONS,
    ERRORS_OF_DETAIL,
    ERRORS_OF_SENDING,
    INVALID,
    NOT_FOUND,
    PAGE,
)
from distributor.api.native.view import NativeView
from distributor.api.request_body import json_body
from distributor.engine.acceptance.references import UnknownReferencesError
from distributor.engine.follow_up.add import MAX_FOLLOW_UPS, FollowUpRefusal, FollowUpRefusedError, add_follow_up
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.reports.step_counts import count_steps

_CONFLICTS: Final = {
    FollowUpRefusal.CANCELLED: ("distribution_cancelled", "The distribution is cancelled: nothing more is sent."),
    FollowUpRefusal.EXPIRED: ("distribution_expired", "The distribution has ended: nothing more is sent."),
    FollowUpRefusal.NOTHING_SENT: (
        "nothing_sent",
        "The distribution only created links. Whoever sends the links sends reminders and thank-yous, too.",
    ),
    FollowUpRefusal.NOBODY_TO_THANK: NOBODY_TO_THANK,
    FollowUpRefusal.TOO_MANY: (
        "too_many_steps",
        f"Too many reminders and thank-yous: at most {MAX_FOLLOW_UPS} per distribution.",
    ),
}
_FAULTS: Final = {
    FollowUpRefusal.TOO_LATE: Fault("/scheduledAt", "after_end", "The distribution ends before this time."),
    FollowUpRefusal.TOO_MANY_ATTRIBUTES: Fault(
        "/attributes", "too_many_keys", f"Too many keys together with those that are there: at most {MAX_KEYS}."
    ),
    FollowUpRefusal.NOT_A_RECIPIENT: Fault(
        "/contactId", "not_a_recipient", "This contact is not a recipient of the distribution."
    ),
}


class DistributionSteps(NativeView):
    """The steps of a distribution."""

    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.SEND}
    is_audited = True

    @extend_schema(
        operation_id="listSteps",
        summary="List the steps of a distribution",
        tags=DISTRIBUTIONS,
        parameters=PAGE,
        responses={200: StepPage} | INVALID | ERRORS_OF_DETAIL,
    )
    def get(self, request: Request, distribution_id: str) -> Response:
        """List the steps with their counts, including steps for single contacts, in the order of their creation.

        The counts are computed for each call. Do not poll this address.
        """
        after, limit = read_page(request, parse_row_number)
        steps = STEPS.filter(distribution=find_distribution(request, distribution_id))
        page = list((steps if after is None else steps.filter(position__gt=after))[: limit + 1])
        counts = count_steps(page[:limit])
        return page_response(
            request,
            page,
            limit,
            lambda step: str(step.position),
            lambda step: render_counted_step(step, counts[step.pk]),
        )

    @extend_schema(
        operation_id="addStep",
        summary="Add a reminder or thank-you to a distribution",
        tags=DISTRIBUTIONS,
        request=AddedStepBody,
        responses={202: StepDocument} | NOT_FOUND | ERRORS_OF_SENDING,
    )
    @idempotent
    def post(self, request: Request, distribution_id: str) -> Response:
        """Remind recipients who have not responded, or thank those who have: now or later, all of them or one.

        A distribution has at most 100 added steps for all recipients.
        """
        distribution = find_distribution(request, distribution_id)
        organization = caller_key(request).organization
        body = parse_body(AddedStepBody, json_body(request), lambda given: follow_up_faults(organization, given))
        now = database_now()
        try:
            step = add_follow_up(
                distribution.pk,
                to_follow_up(body, now),
                now,
                contact_id=body.contact_id,
                attributes=body.attributes,
            )
        except FollowUpRefusedError as refusal:
            raise _refused(refusal.reason) from None
        except UnknownReferencesError:
            # Something was switched off or deleted after the body was checked.
            given = body.model_dump(mode="json", by_alias=True)
            raise invalid_request(list(follow_up_faults(organization, given))) from None
        return Response(step_document(step).rendered(), HTTPStatus.ACCEPTED)


def _refused(refusal: FollowUpRefusal) -> Problem:
    if refusal in _FAULTS:
        return invalid_request([_FAULTS[refusal]])
    return Problem(HTTPStatus.CONFLICT, *_CONFLICTS[refusal])
