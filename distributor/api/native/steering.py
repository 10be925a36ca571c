"""POST /api/v1/distributions/{id}/pause, /resume and /cancel: at once, whatever the size; said twice, nothing more."""

from functools import partial
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from contacts.models.api_key import Scope
from distributor.api.native.distributions import answer_steering, find_distribution
from distributor.api.native.wire import DistributionDocument
from distributor.api.problems import ProblemDocument
from distributor.engine.control import cancel, pause, resume

_RESPONSES: dict[int, Any] = {200: DistributionDocument} | dict.fromkeys((401, 403, 404, 409), ProblemDocument)


class PauseDistribution(APIView):
    """Lets nothing begin until it is resumed."""

    scopes: ClassVar = {"POST": Scope.SEND}

    @extend_schema(operation_id="pause_distribution", tags=["native"], request=None, responses=_RESPONSES)
    def post(self, request: Request, distribution_id: str) -> Response:
        return answer_steering(partial(pause, find_distribution(request, distribution_id).id))


class ResumeDistribution(APIView):
    """Goes on where it was paused; what came due meanwhile leaves now."""

    scopes: ClassVar = {"POST": Scope.SEND}

    @extend_schema(operation_id="resume_distribution", tags=["native"], request=None, responses=_RESPONSES)
    def post(self, request: Request, distribution_id: str) -> Response:
        return answer_steering(partial(resume, find_distribution(request, distribution_id).id))


class CancelDistribution(APIView):
    """Lets nothing begin any more, for good, and closes the links. What was sent stays sent."""

    scopes: ClassVar = {"POST": Scope.SEND}

    @extend_schema(operation_id="cancel_distribution", tags=["native"], request=None, responses=_RESPONSES)
    def post(self, request: Request, distribution_id: str) -> Response:
        return answer_steering(partial(cancel, find_distribution(request, distribution_id).id))
