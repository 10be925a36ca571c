"""/api/v1/links: one contact's link without a send; and for the tool that runs the survey, what it is for."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from contacts.models.api_key import Scope
from distributor.api.authentication import caller_key
from distributor.api.dry_run import DryRunResponse, PlanDocument
from distributor.api.fields import EmbeddedData
from distributor.api.idempotency import idempotent
from distributor.api.native.distribution_faults import REFUSALS, explain
from distributor.api.native.distribution_request import render_link, to_link_request
from distributor.api.native.distribution_wire import LinkBody, LinkMade
from distributor.api.native.owned import ERRORS_OF_SENDING
from distributor.api.problems import Problem, ProblemDocument, not_found
from distributor.api.validation import parse_body
from distributor.engine.acceptance.accept import accept
from distributor.engine.acceptance.defaults import NoDefaultChannelError, default_step
from distributor.engine.acceptance.dry_run import dry_run
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.links import Link, find_link
from distributor.engine.responses.record import LinkNotOpenError, record_response
from distributor.rules.links import LinkState

LINK_REFUSALS = {
    LinkState.USED: (HTTPStatus.CONFLICT, "link_used", "This link has been answered through already."),
    LinkState.EXPIRED: (HTTPStatus.GONE, "link_expired", "This link has expired."),
    LinkState.CANCELLED: (HTTPStatus.GONE, "link_cancelled", "What this link was sent for has been cancelled."),
}
_ERRORS = {401: ProblemDocument, 403: ProblemDocument, 404: ProblemDocument}


class _Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, strict=True, extra="forbid", frozen=True)


class LinkContact(_Wire):
    id: UUID
    external_id: str | None
    email: str | None
    first_name: str | None
    last_name: str | None


class LinkThankYou(_Wire):
    """What to show after the answer: this send's own, else as set on the survey; empty texts where nothing is."""

    message: str
    link_text: str
    link_url: str


class LinkContext(_Wire):
    """All that a survey tool needs to greet who followed a link."""

    code: str
    state: LinkState
    locale: str = Field(description="BCP 47: of this send, else of the contact, else the survey's default.")
    attributes: dict[str, Any] = Field(description="The contact's embedded data, overlaid by what its send gave.")
    contact: LinkContact
    survey_id: UUID
    distribution_id: UUID
    expires_at: datetime | None
    thank_you: LinkThankYou
    responded_at: datetime | None


class ResponseBody(_Wire):
    """An answered survey."""

    answers: Annotated[EmbeddedData, Field(max_length=100, description="Up to 100 answers by question, any JSON.")]


class StoredResponse(_Wire):
    id: UUID
    submitted_at: datetime


class Links(APIView):
    """Personal links."""

    scopes: ClassVar = {"POST": Scope.SEND}

    @extend_schema(
        operation_id="create_link",
        tags=["native"],
        request=LinkBody,
        responses={201: LinkMade, 200: PlanDocument} | ERRORS_OF_SENDING,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """One contact's own link. Nothing is sent: whoever calls hands it over. With `dryRun` 200 and no link."""
        key = caller_key(request)
        try:
            body = LinkBody.model_validate_json(request.body, context={"phone_region": key.organization.phone_region})
            steps = [] if body.steps else [default_step(key.organization)]
            now, asked = database_now(), to_link_request(body, steps)
            if body.dry_run:
                return DryRunResponse(dry_run(key.organization, asked, now))
            accepted = accept(key.organization, key, asked, now)
        except REFUSALS as refusal:
            raise explain(refusal, key.organization, request.body) from None
        except NoDefaultChannelError:
            detail = "No channel has a default provider and a default template: name a step, or tick them."
            raise Problem(HTTPStatus.CONFLICT, "no_channel", detail) from None
        made = {**render_link(accepted.recipients[0]), "distributionId": accepted.distribution.id}
        return Response(made, HTTPStatus.CREATED)


class LinkDetail(APIView):
    """What a link is for. Reading it changes nothing: neither its state nor whether it was opened."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(operation_id="read_link", tags=["native"], responses={200: LinkContext} | _ERRORS)
    def get(self, request: Request, code: str) -> Response:
        link = find_link(code, database_now(), organization_id=caller_key(request).organization_id)
        if link is None:
            raise not_found("link")
        return Response(_link_context(link).model_dump(by_alias=True))


class LinkResponses(APIView):
    """Reports that a survey was answered. It uses the link up, and ends fallbacks and reminders."""

    scopes: ClassVar = {"POST": Scope.SEND}

    @extend_schema(
        operation_id="respond_to_link",
        tags=["native"],
        request=ResponseBody,
        responses={201: StoredResponse, 400: ProblemDocument, 409: ProblemDocument, 410: ProblemDocument} | _ERRORS,
    )
    def post(self, request: Request, code: str) -> Response:
        organization_id = caller_key(request).organization_id
        body = parse_body(ResponseBody, request.body)
        try:
            stored = record_response(code, body.answers, database_now(), organization_id=organization_id)
        except LinkNotOpenError as refusal:
            raise not_found("link") if refusal.state is None else Problem(*LINK_REFUSALS[refusal.state]) from None
        answer = StoredResponse(id=stored.id, submitted_at=stored.submitted_at)
        return Response(answer.model_dump(by_alias=True), HTTPStatus.CREATED)


def _link_context(link: Link) -> LinkContext:
    recipient, thanks = link.recipient, link.thanks
    contact = recipient.contact
    return LinkContext(
        code=recipient.code,
        state=link.state,
        locale=link.locale,
        attributes=dict(link.attributes),
        contact=LinkContact(
            id=contact.id,
            external_id=contact.external_id,
            email=contact.email or None,
            first_name=contact.first_name or None,
            last_name=contact.last_name or None,
        ),
        survey_id=link.survey.id,
        distribution_id=recipient.distribution_id,
        expires_at=recipient.distribution.expires_at,
        thank_you=LinkThankYou(message=thanks.message, link_text=thanks.link_text, link_url=thanks.link_url),
        responded_at=recipient.responded_at,
    )
