"""Ids in the OpenAPI document: fields of answers, and parameters."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from pydantic import Field

from distributor.api.dialects.distributions_v3.ids import Kind

TAGS = ["Lists and links"]


def id_field(kind: Kind, description: str) -> Any:
    """Return the field of an id that is always present."""
    return Field(pattern=kind.pattern, description=description, examples=[kind.example])


def path_id(name: str, kind: Kind, description: str) -> OpenApiParameter:
    example = OpenApiExample(kind.name.lower(), kind.example)
    return OpenApiParameter(name, str, OpenApiParameter.PATH, description=description, examples=[example])


DIRECTORY_ID = path_id("directory_id", Kind.DIRECTORY, "Id of the directory, from `GET /directories`.")
LIBRARY_ID = path_id("library_id", Kind.LIBRARY, "Id of the library, from `GET /libraries`.")
SURVEY = path_id("survey_id", Kind.SURVEY, "Id of the survey, from `GET /surveys`.")
LIST_ID = path_id("list_id", Kind.MAILING_LIST, "Id of the mailing list.")
MESSAGE_ID = path_id("message_id", Kind.MESSAGE, "Id of the message.")
CONTACT_ID = path_id("contact_id", Kind.CONTACT, "Id of the contact.")
DISTRIBUTION_ID = path_id("distribution_id", Kind.DISTRIBUTION, "Id of the distribution, reminder or thank-you.")
IMPORT_ID = path_id("import_id", Kind.IMPORT, "Id of the import.")
SURVEY_ID = OpenApiParameter(
    "surveyId", description="Id of the distribution's survey. A distribution of another survey is not found: 404."
)
