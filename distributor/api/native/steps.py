"""/api/v1/distributions/{id}/steps: reminders and thank-yous that are added, and how each step has fared."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Any, ClassVar

from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from contacts.models.api_key import Scope
from distributor.api.authentication import caller_key
from distributor.api.idempotency import idempotent
from distributor.api.native.distribution_faults import follow_up_faults
from distributor.api.native.distribution_request import to_follow_up
from distributor.api.native.distribution_wire import AddedStepBody
from distributor.api.native.owned import ERRORS_OF_ONE, ERRORS_OF_SENDING, PAGE, find_one, own_rows
from distributor.api.native.shapes import parse_checked
from distributor.api.native.wire import StepDocument, StepPage
from distributor.api.pagination import page_response, parse_row_number, read_page
from distributor.api.problems import Fault, Problem, ProblemDocument, invalid_request
from distributor.engine.acceptance.references import UnknownReferencesError
from distributor.engine.follow_up.add import FollowUpRefusal, FollowUpRefusedError, add_follow_up
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.reports.step_counts import StepCounts, count_steps
from distributor.models import Distribution, Step

_STEPS = Step.objects.select_related("follow_up").prefetch_related("accounts")
# Of reminders to single people there may be as many as there are recipients: they are listed by themselves.
STEPS_FOR_ALL = Prefetch("steps", _STEPS.filter(contact=None))
_CONFLICTS = {
    FollowUpRefusal.CANCELLED: ("distribution_cancelled", "The distribution is cancelled: nothing more is sent."),
    FollowUpRefusal.EXPIRED: ("distribution_expired", "The distribution has ended: nothing more is sent."),
    FollowUpRefusal.NOTHING_SENT: ("nothing_sent", "Whoever hands out this distribution's links reminds and thanks."),
    FollowUpRefusal.NOBODY_TO_THANK: ("nobody_to_thank", "Nobody knows who answers through anonymous links."),
    FollowUpRefusal.TOO_MANY: (
        "too_many_steps",
        "So many reminders and thank-yous to everybody are no help to anybody.",
    ),
}
_FAULTS = {
    FollowUpRefusal.TOO_LATE: Fault(
        "/scheduledAt", "after_end", "The distribution ends before: nobody would be sent to."
    ),
    FollowUpRefusal.NOT_A_RECIPIENT: Fault("/contactId", "not_a_recipient", "The distribution has no such recipient."),
}


class DistributionSteps(APIView):
    """A distribution's steps, those of single contacts included, in the order in which they were asked for."""

    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.SEND}

    @extend_schema(
        operation_id="list_steps",
        tags=["native"],
        parameters=PAGE,
        responses={200: StepPage, 400: ProblemDocument} | ERRORS_OF_ONE,
    )
    def get(self, request: Request, distribution_id: str) -> Response:
        """Each with its counts. They are counted when they are asked for: not for a page that reloads by itself."""
        after, limit = read_page(request, parse_row_number)
        distribution = _find_distribution(request, distribution_id)
        steps = _STEPS.filter(distribution=distribution)
        page = list((steps if after is None else steps.filter(position__gt=after))[: limit + 1])
        counts = count_steps(page[:limit])
        return page_response(
            request,
            page,
            limit,
            lambda step: str(step.position),
            lambda step: {**render_step(step), "counts": render_counts(counts[step.pk])},
        )

    @extend_schema(
        operation_id="add_step",
        tags=["native"],
        request=AddedStepBody,
        responses={202: StepDocument, 404: ProblemDocument} | ERRORS_OF_SENDING,
    )
    @idempotent
    def post(self, request: Request, distribution_id: str) -> Response:
        """Remind those who have not answered, or thank those who have: now or later, all of them or one."""
        distribution = _find_distribution(request, distribution_id)
        organization = caller_key(request).organization
        body = parse_checked(AddedStepBody, request.body, lambda given: follow_up_faults(organization, given))
        now = database_now()
        try:
            step = add_follow_up(distribution.pk, to_follow_up(body, now), now, contact_id=body.contact_id)
        except FollowUpRefusedError as refusal:
            raise _hindered(refusal.reason) from None
        except UnknownReferencesError:
            # Switched off or deleted since the body was looked at.
            given = body.model_dump(mode="json", by_alias=True)
            raise invalid_request(list(follow_up_faults(organization, given))) from None
        return Response(render_step(step), HTTPStatus.ACCEPTED)


def render_step(step: Step) -> dict[str, Any]:
    """As StepDocument says; the step's accounts are loaded with it."""
    accounts = sorted(step.accounts.all(), key=lambda one: one.position)
    has_weights = any(one.weight for one in accounts)
    return {
        "id": step.id,
        "kind": str(step.kind),
        "channel": str(step.channel),
        "priority": step.priority,
        "providerIds": [one.provider_account_id for one in accounts] or [step.provider_account_id],
        "weights": [one.weight for one in accounts] if has_weights else None,
        "templateId": step.template_id,
        "fromEmail": step.from_email or None,
        "fromName": step.from_name or None,
        "replyToEmail": step.reply_to_email or None,
        "subject": step.subject or None,
        "fallbackDelayMinutes": step.fallback_delay_minutes,
        "delayMinutes": step.delay_minutes,
        "scheduledAt": step.scheduled_at,
        "contactId": step.contact_id,
        "progress": _progress(step),
    }


def render_counts(counts: StepCounts) -> dict[str, int]:
    return asdict(counts)


def _progress(step: Step) -> dict[str, Any] | None:
    if step.scheduled_at is None:
        return None
    follow_up = step.follow_up
    return {"status": "prepared" if follow_up.is_done else "preparing", "people": follow_up.armed_count}


def _find_distribution(request: Request, named: str) -> Distribution:
    return find_one(own_rows(request, Distribution), named, "distribution")


def _hindered(hindrance: FollowUpRefusal) -> Problem:
    if hindrance in _FAULTS:
        return invalid_request([_FAULTS[hindrance]])
    return Problem(HTTPStatus.CONFLICT, *_CONFLICTS[hindrance])
