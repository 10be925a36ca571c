"""Views of `/distributions/sms` and `/distributions/sms/{id}`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, cast
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.channel import Channel
from contacts.models import Organization
from contacts.models.api_key import Scope
from distributor.api.answers.problems import Fault, not_found
from distributor.api.calls.authentication import caller_key
from distributor.api.calls.idempotency import idempotent
from distributor.api.dialects.distributions_v3.distributions.bodies import (
    SMS_ID_FIELDS,
    SentOrPlanned,
    SentResult,
    SmsBody,
)
from distributor.api.dialects.distributions_v3.distributions.delete import delete_distribution
from distributor.api.dialects.distributions_v3.distributions.filters import FILTERS, DistributionFilters, render_keys
from distributor.api.dialects.distributions_v3.distributions.follow_ups.create import create_sms_follow_up
from distributor.api.dialects.distributions_v3.distributions.lookup import find_distribution_or_follow_up
from distributor.api.dialects.distributions_v3.distributions.render import visible_distributions, with_details
from distributor.api.dialects.distributions_v3.distributions.send import send_sms
from distributor.api.dialects.distributions_v3.distributions.sms_element import SmsElement, as_sms
from distributor.api.dialects.distributions_v3.documentation import DISTRIBUTION_ID, SURVEY_ID, TAGS
from distributor.api.dialects.distributions_v3.envelope import (
    PATH_ERRORS,
    QUERY_ERRORS,
    SEND_ERRORS,
    DialectView,
    Done,
    ErrorDocument,
    answer,
    answer_done,
    answer_elements,
    answer_plan,
    answer_result,
    enveloped,
    paged,
)
from distributor.api.dialects.distributions_v3.faults import read_body
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.paging import OFFSET, PAGE, key_parser, next_page, read_page
from distributor.api.request_body import json_body
from distributor.engine.acceptance.dry_run import DryRun
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Distribution, Step


class SmsDistributions(DialectView):
    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.SEND}

    @extend_schema(
        operation_id="v3ListSmsDistributions",
        summary="List distributions by SMS",
        tags=TAGS,
        parameters=[*FILTERS, *PAGE, OFFSET],
        responses={200: paged(SmsElement)} | QUERY_ERRORS,
    )
    def get(self, request: Request) -> Response:
        """Return distributions whose first message goes by SMS, newest first, with reminders and thank-yous by SMS."""
        organization, now = caller_key(request).organization, database_now()
        faults: list[Fault] = []
        filters = DistributionFilters(request, faults, Channel.SMS)
        page = read_page(request, key_parser(Kind.DISTRIBUTION), faults)
        keys = filters.find_keys(organization, page)
        shown = keys[: page.size]
        token = public_id(Kind.DISTRIBUTION, shown[-1]) if len(keys) > page.size else None
        return answer_elements(_render(shown, organization, now), next_page(request, page, token))

    @extend_schema(
        operation_id="v3CreateSmsDistribution",
        summary="Send a survey by SMS",
        tags=TAGS,
        request=SmsBody,
        responses={200: enveloped(SentOrPlanned)} | SEND_ERRORS,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Send an invitation, reminder or thank-you by SMS. `GET /distributions` shows it, too."""
        key = caller_key(request)
        body, keys = read_body(SmsBody, json_body(request), key.organization, SMS_ID_FIELDS)
        if body.method == "Invite":
            result = send_sms(key, body, keys, database_now())
            return answer_plan(result) if isinstance(result, DryRun) else answer(result)
        step = create_sms_follow_up(request, body, keys, database_now())
        return answer(SentResult(id=public_id(Kind.DISTRIBUTION, step.pk)))


class SmsDistributionDetail(DialectView):
    scopes: ClassVar = {"GET": Scope.READ, "DELETE": Scope.SEND}
    is_audited = True

    @extend_schema(
        operation_id="v3GetSmsDistribution",
        summary="Show a distribution by SMS",
        tags=TAGS,
        parameters=[DISTRIBUTION_ID, SURVEY_ID],
        responses={200: enveloped(SmsElement)} | PATH_ERRORS,
    )
    def get(self, request: Request, distribution_id: str) -> Response:
        """Return a distribution, reminder or thank-you by SMS with its counts."""
        found = _find(request, distribution_id)
        elements = _render([found.pk], caller_key(request).organization, database_now())
        if not elements:
            raise not_found("distribution by SMS")  # it was deleted a moment ago
        return answer_result(elements[0])

    @extend_schema(
        operation_id="v3DeleteSmsDistribution",
        summary="Delete a distribution by SMS",
        tags=TAGS,
        parameters=[DISTRIBUTION_ID, SURVEY_ID],
        responses={200: Done, 409: ErrorDocument} | PATH_ERRORS,
    )
    def delete(self, request: Request, distribution_id: str) -> Response:
        """Cancel messages that have not been sent, close the links, and hide the distribution.

        Its record stays in the native API. A reminder or thank-you cannot be deleted: 409.
        """
        delete_distribution(_find(request, distribution_id))
        return answer_done()


def _find(request: Request, distribution_id: str) -> Distribution | Step:
    rows = with_details(visible_distributions(caller_key(request).organization))
    found: Any = find_distribution_or_follow_up(request, distribution_id, rows)
    step = found if isinstance(found, Step) else found.first_steps[0]
    if step.channel != Channel.SMS or (step is not found and found.is_generated):
        raise not_found("distribution by SMS")
    return cast(Distribution | Step, found)


def _render(keys: Sequence[UUID], organization: Organization, now: datetime) -> list[dict[str, Any]]:
    # Each along its primary key: in one query all distributions of the organisation would be read.
    named = [
        *Distribution.objects.filter(pk__in=keys).values_list("pk", "name"),
        *Step.objects.filter(pk__in=keys).values_list("distribution_id", "distribution__name"),
    ]
    names = {public_id(Kind.DISTRIBUTION, key): name for key, name in named}
    elements = render_keys(keys, organization, now)
    return [as_sms(element, names[element["parentDistributionId"] or element["id"]]) for element in elements]
