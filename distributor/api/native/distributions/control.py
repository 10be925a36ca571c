"""POST /api/v1/distributions/{id}/pause, /resume and /cancel, and rescheduling.

Each takes effect at once, whatever the size of the distribution, and is idempotent.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any, ClassVar, Final

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.answers.problems import Problem
from distributor.api.native.distributions.documents import DistributionDocument, render_distribution
from distributor.api.native.distributions.lookup import find_distribution
from distributor.api.native.operations import CONFLICT, DISTRIBUTIONS, ERRORS_OF_DETAIL
from distributor.api.native.view import NativeView
from distributor.engine.control import DistributionOverError, cancel, pause, resume
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Distribution

_RESPONSES: Final[dict[int, Any]] = {200: DistributionDocument} | ERRORS_OF_DETAIL | CONFLICT


class PauseDistribution(NativeView):
    """Pauses a distribution."""

    scopes: ClassVar = {"POST": Scope.SEND}
    is_audited = True

    @extend_schema(
        operation_id="pauseDistribution",
        summary="Pause a distribution",
        tags=DISTRIBUTIONS,
        request=None,
        responses=_RESPONSES,
    )
    def post(self, request: Request, distribution_id: str) -> Response:
        """Send nothing until the distribution is resumed. Links stay open.

        Idempotent: repeating the call changes nothing.
        """
        return answer_control(partial(pause, find_distribution(request, distribution_id).id))


class ResumeDistribution(NativeView):
    """Resumes a distribution."""

    scopes: ClassVar = {"POST": Scope.SEND}
    is_audited = True

    @extend_schema(
        operation_id="resumeDistribution",
        summary="Resume a distribution",
        tags=DISTRIBUTIONS,
        request=None,
        responses=_RESPONSES,
    )
    def post(self, request: Request, distribution_id: str) -> Response:
        """Continue a paused distribution. Messages that became due during the pause are sent now.

        Idempotent: repeating the call changes nothing.
        """
        return answer_control(partial(resume, find_distribution(request, distribution_id).id))


class CancelDistribution(NativeView):
    """Cancels a distribution."""

    scopes: ClassVar = {"POST": Scope.SEND}
    is_audited = True

    @extend_schema(
        operation_id="cancelDistribution",
        summary="Cancel a distribution",
        tags=DISTRIBUTIONS,
        request=None,
        responses=_RESPONSES,
    )
    def post(self, request: Request, distribution_id: str) -> Response:
        """Send nothing more, for good, and close the links. Messages that were sent stay sent.

        Idempotent: repeating the call changes nothing.
        """
        return answer_control(partial(cancel, find_distribution(request, distribution_id).id))


def answer_control(change: Callable[[datetime], Distribution]) -> Response:
    """Change a distribution as of now and answer its new state. Raise a 409 Problem if it has ended."""
    now = database_now()
    try:
        return Response(render_distribution(change(now), now))
    except DistributionOverError as refusal:
        detail = f"The distribution is {refusal.status.value} and cannot be changed."
        raise Problem(HTTPStatus.CONFLICT, f"distribution_{refusal.status.value}", detail) from None
