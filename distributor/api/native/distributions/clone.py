"""POST /api/v1/distributions/{id}/clone: send a distribution again, to the same audience."""

from http import HTTPStatus
from typing import ClassVar, Final

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.answers.problems import Problem
from distributor.api.bodies.validation import parse_body
from distributor.api.calls.authentication import caller_key
from distributor.api.calls.idempotency import idempotent
from distributor.api.native.distributions.bodies import CloneBody
from distributor.api.native.distributions.documents import DistributionDocument, render_distribution
from distributor.api.native.distributions.lookup import find_distribution
from distributor.api.native.distributions.translate import SOURCE
from distributor.api.native.operations import DISTRIBUTIONS, ERRORS_OF_SENDING, NOT_FOUND
from distributor.api.native.view import NativeView
from distributor.api.request_body import json_body
from distributor.engine.acceptance.references import UnknownReferencesError
from distributor.engine.audience.clone import CloneRefusal, CloneRefusedError, clone
from distributor.engine.infrastructure.clock import database_now

_CONFLICTS: Final = {
    CloneRefusal.DELETED: ("distribution_deleted", "The distribution is deleted."),
    CloneRefusal.NOBODY: ("nobody_to_send_to", "Nobody is left in the distribution's audience."),
}


class CloneDistribution(NativeView):
    """Clones of a distribution."""

    scopes: ClassVar = {"POST": Scope.SEND}
    is_audited = True

    @extend_schema(
        operation_id="cloneDistribution",
        summary="Send a distribution again to the same audience",
        tags=DISTRIBUTIONS,
        request=CloneBody,
        responses={202: DistributionDocument} | NOT_FOUND | ERRORS_OF_SENDING,
    )
    @idempotent
    def post(self, request: Request, distribution_id: str) -> Response:
        """Create a distribution with the same survey, steps, rules and audience, now or later.

        A list or filter is read anew. Contacts get new links and are judged anew, so that frequency rules may leave out
        those who were sent to recently. Texts and attributes for single recipients, and steps that were added later,
        are not taken over. A clone of a test distribution goes to the sandbox.
        """
        original = find_distribution(request, distribution_id)
        body, now = parse_body(CloneBody, json_body(request)), database_now()
        try:
            cloned = clone(
                original,
                caller_key(request),
                now,
                source=SOURCE,
                scheduled_at=body.scheduled_at,
                name=body.name or "",
            )
        except CloneRefusedError as refusal:
            raise Problem(HTTPStatus.CONFLICT, *_CONFLICTS[refusal.reason]) from None
        except UnknownReferencesError as unknown:
            gone = sorted({f"{fault.what} {fault.code.replace('_', ' ')}" for fault in unknown.faults})
            detail = f"What the distribution used cannot be used any more: {', '.join(gone)}."
            raise Problem(HTTPStatus.CONFLICT, "no_longer_usable", detail) from None
        return Response(render_distribution(cloned, now), HTTPStatus.ACCEPTED)
