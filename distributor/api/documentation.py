"""How views become the OpenAPI document, where drf-spectacular alone would say less than is true."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.openapi import AutoSchema

from distributor.api.problems import PROBLEM_TYPE, ProblemDocument


class DocumentedView(AutoSchema):
    """Problem documents travel as `application/problem+json` (RFC 9457), whatever else a view answers in."""

    def _get_response_for_code(
        self, serializer: Any, status_code: str, media_types: Sequence[str] | None = None, direction: str = "response"
    ) -> dict[str, Any]:
        if serializer is ProblemDocument:
            media_types = [PROBLEM_TYPE]
        documented: dict[str, Any] = super()._get_response_for_code(  # type: ignore[no-untyped-call]
            serializer, status_code, media_types, direction
        )
        return documented
