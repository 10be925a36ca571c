"""Create a link without sending it, read a link, report a response."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, ClassVar, Final

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.answers.problems import Problem, ProblemDocument, not_found
from distributor.api.bodies.dry_run import DryRunResponse, PlanDocument
from distributor.api.bodies.validation import parse_body
from distributor.api.calls.authentication import caller_key
from distributor.api.calls.idempotency import idempotent
from distributor.api.native.distributions.documents import render_link
from distributor.api.native.distributions.faults import REFUSALS, explain
from distributor.api.native.distributions.translate import SOURCE, to_contact, to_options, to_step
from distributor.api.native.links.wire import (
    LinkBody,
    LinkContext,
    LinkMade,
    ResponseBody,
    StoredResponse,
    render_link_context,
)
from distributor.api.native.operations import CONFLICT, ERRORS_OF_DETAIL, ERRORS_OF_SENDING, INVALID, LINKS
from distributor.api.native.view import NativeView
from distributor.api.request_body import json_body
from distributor.engine.acceptance.accept import accept
from distributor.engine.acceptance.defaults import NoDefaultChannelError, default_step
from distributor.engine.acceptance.dry_run import dry_run
from distributor.engine.acceptance.key_kinds import request_of_key
from distributor.engine.acceptance.open_link import make_open_link
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.links import find_link
from distributor.engine.responses.record import LinkNotOpenError, record_response
from distributor.models import OpenLink
from distributor.rules.links import LinkState
from distributor.rules.requests import DistributionRequest, LinkType, StepRequest

LINK_REFUSALS: Final = {
    LinkState.USED: (HTTPStatus.CONFLICT, "link_used", "This link was used for a response already."),
    LinkState.EXPIRED: (HTTPStatus.GONE, "link_expired", "This link has expired."),
    LinkState.CANCELLED: (HTTPStatus.GONE, "link_cancelled", "The distribution of this link was cancelled."),
}
_NO_DEFAULT_CHANNEL: Final = (
    "No channel has a default provider and a default template. Give a step, or set the defaults of a channel."
)
_GONE: Final[dict[int, Any]] = {410: ProblemDocument}


class Links(NativeView):
    """Links of single contacts."""

    scopes: ClassVar = {"POST": Scope.SEND}

    @extend_schema(
        operation_id="createLink",
        summary="Create a link",
        tags=LINKS,
        request=LinkBody,
        responses={201: LinkMade, 200: PlanDocument} | ERRORS_OF_SENDING,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Create a link for one contact, or an anonymous link that is nobody's: whoever has it may respond. Nothing is
        sent: the caller hands the link over.

        With `dryRun` no link is created, and the answer is 200 with what would happen.
        """
        key = caller_key(request)
        try:
            body = LinkBody.model_validate_json(
                json_body(request), context={"phone_region": key.organization.phone_region}
            )
            steps = [to_step(step) for step in body.steps or ()] or [default_step(key.organization)]
            now, asked = database_now(), _to_request(body, steps)
            if body.contact is None:
                return Response(
                    _render_open_link(make_open_link(key.organization, key, asked, now)), HTTPStatus.CREATED
                )
            if body.dry_run:
                return DryRunResponse(dry_run(key.organization, request_of_key(asked, key), now))
            accepted = accept(key.organization, key, asked, now)
        except REFUSALS as refusal:
            raise explain(refusal, key.organization, json_body(request), LinkBody) from None
        except NoDefaultChannelError:
            raise Problem(HTTPStatus.CONFLICT, "no_channel", _NO_DEFAULT_CHANNEL) from None
        link = LinkMade(**render_link(accepted.recipients[0]), distribution_id=accepted.distribution.id)
        return Response(link.rendered(), HTTPStatus.CREATED)


class LinkDetail(NativeView):
    """One link."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="getLink", summary="Get a link", tags=LINKS, responses={200: LinkContext} | ERRORS_OF_DETAIL
    )
    def get(self, request: Request, code: str) -> Response:
        """Return the contact, the survey and the state of a link.

        Reading a link changes nothing: it is not marked as opened.
        """
        link = find_link(code, database_now(), organization_id=caller_key(request).organization_id)
        if link is None:
            raise not_found("link")
        return Response(render_link_context(link))


class LinkResponses(NativeView):
    """The response of one link."""

    scopes: ClassVar = {"POST": Scope.SEND}

    @extend_schema(
        operation_id="createResponse",
        summary="Report a response",
        tags=LINKS,
        request=ResponseBody,
        responses={201: StoredResponse} | INVALID | CONFLICT | _GONE | ERRORS_OF_DETAIL,
    )
    def post(self, request: Request, code: str) -> Response:
        """Store the response that was given through a link.

        A one-time link is used up by it. Fallbacks and reminders to the contact end.
        """
        key = caller_key(request)
        body = parse_body(ResponseBody, json_body(request))
        try:
            stored = record_response(
                code, body.answers, database_now(), organization_id=key.organization_id, key_kind=key.kind
            )
        except LinkNotOpenError as refusal:
            raise not_found("link") if refusal.state is None else Problem(*LINK_REFUSALS[refusal.state]) from None
        return Response(StoredResponse.model_validate(stored).rendered(), HTTPStatus.CREATED)


def _to_request(body: LinkBody, steps: Sequence[StepRequest]) -> DistributionRequest:
    return DistributionRequest(
        source=SOURCE,
        survey_id=body.survey_id,
        contacts=[to_contact(body.contact)] if body.contact else (),
        options=to_options([body.contact]) if body.contact else (),
        steps=steps,
        expires_at=body.expires_at,
        name=body.name or "",
        link_type=LinkType(body.link_type),
        is_sent=False,
        attributes=body.attributes or {},
    )


def _render_open_link(link: OpenLink) -> dict[str, Any]:
    return LinkMade(
        contact_id=None,
        external_id=None,
        email=None,
        email_unicode=None,
        code=link.code,
        link=f"{settings.PUBLIC_BASE_URL}/p/{link.code}",
        distribution_id=link.distribution_id,
    ).rendered()
