"""Additions to drf-spectacular, which makes the OpenAPI document from the views."""

from collections.abc import Sequence
from typing import Any, Final

from drf_spectacular.openapi import AutoSchema

from distributor.api.answers.problems import PROBLEM_TYPE, ProblemDocument

# Parameters in paths, wherever they occur.
PATH_PARAMETERS: Final = {
    "code": "The code of the link, which is the last part of the link.",
    "contact_id": "The id of the contact.",
    "delivery_id": "The id of the delivery.",
    "distribution_id": "The id of the distribution.",
    "event_endpoint_id": "The id of the event endpoint.",
    "response_id": "The id of the response.",
    "export_id": "The id of the export.",
    "import_id": "The id of the import.",
    "list_id": "The id of the list.",
    "provider_id": "The id of the provider account.",
    "suppression_id": "The id of the suppression.",
    "survey_id": "The id of the survey.",
    "template_id": "The id of the template.",
}


class DocumentedView(AutoSchema):
    """Describes path parameters, and documents problems as `application/problem+json` (RFC 9457)."""

    def _resolve_path_parameters(self, variables: Sequence[str]) -> list[dict[str, Any]]:
        parameters: list[dict[str, Any]] = super()._resolve_path_parameters(variables)  # type: ignore[no-untyped-call]
        for parameter in parameters:
            if description := PATH_PARAMETERS.get(parameter["name"]):
                parameter["description"] = description
        return parameters

    def _get_response_for_code(
        self, serializer: Any, status_code: str, media_types: Sequence[str] | None = None, direction: str = "response"
    ) -> dict[str, Any]:
        if serializer is ProblemDocument:
            media_types = [PROBLEM_TYPE]
        documented: dict[str, Any] = super()._get_response_for_code(  # type: ignore[no-untyped-call]
            serializer, status_code, media_types, direction
        )
        return documented
