"""/API/v3/distributions: sends and links made, listed, shown and deleted."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import TypeAdapter, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.authentication import caller_key
from distributor.api.dialects.distributions_v3.distribution_elements import (
    GENERATED,
    DistributionElement,
    own_distributions,
    render_distributions,
    with_details,
)
from distributor.api.dialects.distributions_v3.envelope import (
    ERRORS_OF_A_QUERY,
    ERRORS_OF_ONE,
    ERRORS_OF_SENDING,
    DialectView,
    Done,
    answer,
    answer_done,
    answer_result,
    enveloped,
    paged,
)
from distributor.api.dialects.distributions_v3.faults import as_given, read_body
from distributor.api.dialects.distributions_v3.ids import Kind, public_id, read_id
from distributor.api.dialects.distributions_v3.paging import OFFSET, PAGE, keys_before, page_of_rows, read_page
from distributor.api.dialects.distributions_v3.references import find_one
from distributor.api.dialects.distributions_v3.sending import make_links, send_email
from distributor.api.dialects.distributions_v3.sending_wire import (
    PLACES_OF_LINKS,
    PLACES_OF_SENDING,
    DistributionsBody,
    LinksBody,
    SendBody,
    SentResult,
)
from distributor.api.fields import Moment
from distributor.api.idempotency import idempotent
from distributor.api.problems import Fault, not_found
from distributor.engine.clock import database_now
from distributor.engine.steering import delete
from distributor.models import Distribution

_MOMENT: TypeAdapter[Any] = TypeAdapter(Moment)
_TYPES = ("Invite", "Reminder", "ThankYou", "GeneratedInvite")
OF_SURVEY = OpenApiParameter("surveyId", description="The survey that it is of, if it is named.")
_FILTERS = [
    OpenApiParameter("surveyId", description="Only of this survey."),
    OpenApiParameter("mailingListId", description="Only to this mailing list."),
    OpenApiParameter("distributionRequestType", enum=_TYPES),
    OpenApiParameter("sendStartDate", description="ISO 8601: sent, or to be sent, from then on."),
    OpenApiParameter("sendEndDate", description="ISO 8601: sent, or to be sent, until then."),
]


class Distributions(DialectView):
    """The organisation's distributions, newest first."""

    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.SEND}

    @extend_schema(
        operation_id="v3_list_distributions",
        tags=["lists and links"],
        parameters=[*_FILTERS, *PAGE, OFFSET],
        responses={200: paged(DistributionElement)} | ERRORS_OF_A_QUERY,
    )
    def get(self, request: Request) -> Response:
        organization, now = caller_key(request).organization, database_now()
        faults: list[Fault] = []
        rows = _filtered(request, own_distributions(organization), faults)
        return page_of_rows(
            request,
            with_details(rows),
            read_page(request, keys_before(Kind.DISTRIBUTION), faults),
            lambda row: public_id(Kind.DISTRIBUTION, row.pk),
            lambda shown: render_distributions(shown, organization, now),
        )

    @extend_schema(
        operation_id="v3_create_distribution",
        tags=["lists and links"],
        request=DistributionsBody,
        responses={200: enveloped(SentResult)} | ERRORS_OF_SENDING,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Send a survey to a mailing list or to one contact; with an `action`, make their links and send nothing."""
        key, now = caller_key(request), database_now()
        given = as_given(request.body)
        if isinstance(given, dict) and "action" in given:
            links, found = read_body(LinksBody, request.body, key.organization, PLACES_OF_LINKS)
            return answer(make_links(key, links, found, now))
        wire, found = read_body(SendBody, request.body, key.organization, PLACES_OF_SENDING)
        return answer(send_email(key, wire, found, now))


class OneDistribution(DialectView):
    """A distribution."""

    scopes: ClassVar = {"GET": Scope.READ, "DELETE": Scope.SEND}

    @extend_schema(
        operation_id="v3_read_distribution",
        tags=["lists and links"],
        parameters=[OF_SURVEY],
        responses={200: enveloped(DistributionElement)} | ERRORS_OF_ONE,
    )
    def get(self, request: Request, distribution_id: str) -> Response:
        organization = caller_key(request).organization
        found = find_distribution(request, distribution_id, with_details(own_distributions(organization)))
        return answer_result(render_distributions([found], organization, database_now())[0])

    @extend_schema(
        operation_id="v3_delete_distribution",
        tags=["lists and links"],
        parameters=[OF_SURVEY],
        responses={200: Done} | ERRORS_OF_ONE,
    )
    def delete(self, request: Request, distribution_id: str) -> Response:
        """Cancel what has not left, close the links, and show it no more. The record stays in the native API."""
        delete(find_distribution(request, distribution_id).pk, database_now())
        return answer_done()


def find_distribution(
    request: Request, distribution_id: str, rows: QuerySet[Distribution] | None = None
) -> Distribution:
    """The caller's own distribution, of the survey that its query names, if any. Raises a 404 Problem."""
    own = own_distributions(caller_key(request).organization) if rows is None else rows
    found = find_one(own, Kind.DISTRIBUTION, distribution_id)
    survey_id = request.query_params.get("surveyId")
    if survey_id and survey_id != public_id(Kind.SURVEY, found.survey_id):
        raise not_found("distribution of this survey")
    return found


def _filtered(request: Request, rows: QuerySet[Distribution], faults: list[Fault]) -> QuerySet[Distribution]:
    """What the query asks for; what is wrong with it is added to `faults`."""
    for name, kind, column in (
        ("surveyId", Kind.SURVEY, "survey_id"),
        ("mailingListId", Kind.MAILING_LIST, "mailing_list_id"),
    ):
        if text := request.query_params.get(name):
            keys = read_id(kind, text)
            if keys is None:
                faults.append(Fault(f"?{name}", "invalid_id", f"This is no id of the form {kind.value}_…"))
            else:
                rows = rows.filter(**{f"{column}__gte": keys.first, f"{column}__lte": keys.last})
    kind_of_request = request.query_params.get("distributionRequestType")
    if kind_of_request and kind_of_request not in _TYPES:
        faults.append(Fault("?distributionRequestType", "enum", f"This is one of {', '.join(_TYPES)}."))
    elif kind_of_request:
        rows = rows.filter(GENERATED) if kind_of_request == "GeneratedInvite" else rows.exclude(GENERATED)
    rows = rows.alias(sent_at=Coalesce("scheduled_at", "created_at"))
    for name, lookup in (("sendStartDate", "sent_at__gte"), ("sendEndDate", "sent_at__lte")):
        if text := request.query_params.get(name):
            try:
                # The plus sign of an offset that nobody encoded arrives as a blank.
                asked = text[:11] + text[11:].replace(" ", "+")
                rows = rows.filter(**{lookup: _MOMENT.validate_python(asked)})
            except ValidationError:
                faults.append(Fault(f"?{name}", "invalid_moment", "This is no ISO 8601 time."))
    return rows
