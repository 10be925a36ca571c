"""/api/v1/distributions and what lies below: what is accepted, and what became of it."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import prefetch_related_objects
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from contacts.models.api_key import Scope
from distributor.api.authentication import caller_key
from distributor.api.dry_run import DryRunResponse, PlanDocument
from distributor.api.idempotency import idempotent
from distributor.api.native.distribution_faults import REFUSALS, explain, require_consistent
from distributor.api.native.distribution_request import render_link, to_request, to_selection
from distributor.api.native.distribution_wire import DistributionAccepted, DistributionBody
from distributor.api.native.owned import ERRORS_OF_SENDING, PAGE
from distributor.api.native.steps import STEPS_FOR_ALL, render_step
from distributor.api.native.wire import (
    DistributionDocument,
    DistributionPage,
    RecipientPage,
    ScheduleBody,
    SkippedPage,
)
from distributor.api.pagination import page_response, parse_row_number, read_page
from distributor.api.problems import Problem, ProblemDocument, not_found
from distributor.api.validation import parse_body
from distributor.engine.acceptance.accept import accept
from distributor.engine.acceptance.dry_run import dry_run, dry_run_selection
from distributor.engine.audience.expand import accept_selection
from distributor.engine.control import DistributionOverError, reschedule
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.reports.timeline import Timeline, read_timelines
from distributor.models import Decision, Distribution
from distributor.rules.timing.time_zones import zone_named

_ERRORS: dict[int, Any] = {400: ProblemDocument, 401: ProblemDocument, 403: ProblemDocument}
_ERRORS_OF_ONE: dict[int, Any] = _ERRORS | {404: ProblemDocument}


class Distributions(APIView):
    """The organisation's distributions, newest first."""

    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.SEND}

    @extend_schema(
        operation_id="list_distributions",
        tags=["native"],
        parameters=PAGE,
        responses={200: DistributionPage} | _ERRORS,
    )
    def get(self, request: Request) -> Response:
        before, limit = read_page(request, UUID)
        rows = Distribution.objects.filter(organization=caller_key(request).organization).order_by("-id")
        if before is not None:
            rows = rows.filter(id__lt=before)
        now = database_now()
        page = list(rows.prefetch_related(STEPS_FOR_ALL)[: limit + 1])
        return page_response(request, page, limit, lambda row: str(row.id), lambda row: render_distribution(row, now))

    @extend_schema(
        operation_id="create_distribution",
        tags=["native"],
        request=DistributionBody,
        responses={202: DistributionAccepted, 200: PlanDocument} | ERRORS_OF_SENDING,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Send a survey, now or later. An audience that is no list of contacts is expanded by workers.

        With `dryRun` 200 with what would become of everybody, or of the first 1,000 of such an audience.
        """
        key = caller_key(request)
        try:
            body = DistributionBody.model_validate_json(
                request.body, context={"phone_region": key.organization.phone_region}
            )
            require_consistent(body)
            now, asked, selection = database_now(), to_request(body), to_selection(body.audience)
            if body.dry_run:
                return DryRunResponse(
                    dry_run(key.organization, asked, now)
                    if selection is None
                    else dry_run_selection(key.organization, asked, selection, now)
                )
            if selection is not None:
                row, links = accept_selection(key.organization, key, asked, selection, now), None
            else:
                accepted = accept(key.organization, key, asked, now)
                row, links = accepted.distribution, [render_link(one) for one in accepted.recipients]
        except REFUSALS as refusal:
            raise explain(refusal, key.organization, request.body) from None
        return Response({**render_distribution(row, now), "links": links}, HTTPStatus.ACCEPTED)


class OneDistribution(APIView):
    """A distribution with its totals."""

    scopes: ClassVar = {"GET": Scope.READ, "PATCH": Scope.SEND}

    @extend_schema(
        operation_id="read_distribution", tags=["native"], responses={200: DistributionDocument} | _ERRORS_OF_ONE
    )
    def get(self, request: Request, distribution_id: str) -> Response:
        return Response(render_distribution(find_distribution(request, distribution_id), database_now()))

    @extend_schema(
        operation_id="reschedule_distribution",
        tags=["native"],
        request=ScheduleBody,
        responses={200: DistributionDocument, 409: ProblemDocument} | _ERRORS_OF_ONE,
    )
    def patch(self, request: Request, distribution_id: str) -> Response:
        """Move what has not left yet. Nothing that was sent is sent again."""
        distribution = find_distribution(request, distribution_id)
        body = parse_body(ScheduleBody, request.body)
        return answer_steering(lambda now: reschedule(distribution.id, body.scheduled_at, now))


class DistributionRecipients(APIView):
    """A distribution's recipients in the order of acceptance, each with its story."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="list_recipients",
        tags=["native"],
        parameters=PAGE,
        responses={200: RecipientPage} | _ERRORS_OF_ONE,
    )
    def get(self, request: Request, distribution_id: str) -> Response:
        after, limit = read_page(request, parse_row_number)
        stories = read_timelines(find_distribution(request, distribution_id).id, after or 0, limit + 1)
        return page_response(request, stories, limit, lambda story: str(story.recipient.id), render_story)


class DistributionSkipped(APIView):
    """The contacts that a distribution left out, and why."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="list_skipped", tags=["native"], parameters=PAGE, responses={200: SkippedPage} | _ERRORS_OF_ONE
    )
    def get(self, request: Request, distribution_id: str) -> Response:
        after, limit = read_page(request, parse_row_number)
        distribution = find_distribution(request, distribution_id)
        rows = Decision.objects.filter(distribution_id=distribution.id, recipient_id=None, id__gt=after or 0)
        page = list(rows.order_by("id")[: limit + 1])
        zone = zone_named(caller_key(request).organization.time_zone)
        return page_response(request, page, limit, lambda row: str(row.id), lambda row: render_skipped(row, zone))


def answer_steering(steer: Callable[[datetime], Distribution]) -> Response:
    """Steer as of now and answer how the distribution stands then; 409 when it has ended."""
    now = database_now()
    try:
        return Response(render_distribution(steer(now), now))
    except DistributionOverError as refusal:
        detail = f"The distribution is {refusal.status.value}: there is nothing left to steer."
        raise Problem(HTTPStatus.CONFLICT, f"distribution_{refusal.status.value}", detail) from None


def find_distribution(request: Request, distribution_id: str) -> Distribution:
    """The caller's own distribution. Raises a 404 Problem."""
    try:
        wanted = UUID(distribution_id)
    except ValueError:
        raise not_found("distribution") from None
    found = Distribution.objects.filter(organization=caller_key(request).organization, id=wanted).first()
    if found is None:
        raise not_found("distribution")
    return found


def render_distribution(row: Distribution, now: datetime) -> dict[str, Any]:
    prefetch_related_objects([row], STEPS_FOR_ALL)
    return {
        "id": row.id,
        "surveyId": row.survey_id,
        "mailingListId": row.mailing_list_id,
        "name": row.name,
        "source": row.source,
        "channelMode": str(row.mode),  # a row that was just made holds a subclass of str
        "stopsOn": str(row.stops_on),
        "status": row.status_at(now).value,
        "scheduledAt": row.scheduled_at,
        "notAfter": row.not_after,
        "expiresAt": row.expires_at,
        "pausedAt": row.paused_at,
        "cancelledAt": row.cancelled_at,
        "createdAt": row.created_at,
        "steps": [render_step(step) for step in row.steps.all()],
        "totals": {
            "accepted": row.accepted_count,
            **row.totals,
            "recipients": row.recipient_count,
            "reached": row.reached_count,
            "opened": row.opened_count,
            "responded": row.responded_count,
            "duplicateRisk": row.duplicate_risk_count,
        },
    }


def render_story(story: Timeline) -> dict[str, Any]:
    recipient, contact = story.recipient, story.recipient.contact
    return {
        "code": recipient.code,
        "link": f"{settings.PUBLIC_BASE_URL}/p/{recipient.code}",
        "contactId": contact.id,
        "externalId": contact.external_id,
        "email": contact.email or None,
        "phone": contact.phone or None,
        "state": story.state,
        "reason": story.reason or None,
        "stepKind": story.batch.step.kind,
        "channel": story.batch.step.channel,
        "dueAt": story.due_at,
        "acceptedAt": recipient.created_at,
        "attempts": [
            {
                "number": attempt.number,
                "stepKind": story.steps[attempt.step_id].kind,
                "channel": attempt.channel,
                "providerId": attempt.provider_account_id,
                "state": attempt.state,
                "progress": attempt.get_progress_display(),
                "trouble": attempt.get_trouble_display(),
                "providerMessageId": attempt.provider_message_id,
                "code": attempt.code,
                "detail": attempt.detail,
                "begunAt": attempt.begun_at,
                "endedAt": attempt.ended_at,
            }
            for attempt in story.attempts
        ],
        "decisions": [render_decision(decision, story.zone) for decision in story.decisions],
        "story": [{"at": event.at, "event": event.kind, "about": event.detail} for event in story.events],
    }


def render_decision(row: Decision, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "reason": row.reason,
        "detail": row.detail,
        "text": row.sentence(zone),
        "until": row.until,
        "decidedAt": row.decided_at,
    }


def render_skipped(row: Decision, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "contactId": row.contact_id,
        "reason": row.reason,
        "detail": row.detail,
        "text": row.sentence(zone),
        "decidedAt": row.decided_at,
    }
