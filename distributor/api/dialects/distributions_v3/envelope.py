"""The shape of every answer: `{"result": …, "meta": …}`; errors are inside `meta`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from http import HTTPStatus
from typing import Any
from uuid import UUID

import structlog
from pydantic import BaseModel, Field, create_model
from rest_framework.response import Response

from distributor.api.answers.problems import Fault, FaultDocument, render_exception
from distributor.api.bodies.dry_run import DryRunResponse, render_plan
from distributor.api.calls.audit import AuditedView, CreatedResponse, RecordedResponse
from distributor.api.calls.authentication import ApiKeyAuthentication
from distributor.api.dialects.distributions_v3.authentication import TokenAuthentication
from distributor.api.dialects.distributions_v3.ids import Kind, read_id
from distributor.api.wire import Document
from distributor.engine.acceptance.dry_run import DryRun


class Element(Document):
    """The base of everything that is answered."""

    def render(self) -> dict[str, Any]:
        """Return the element with its published keys. Fields that were not set are absent."""
        return self.model_dump(by_alias=True, exclude_unset=True)


class Meta(Element):
    """Status and request id of the answer."""

    http_status: str = Field(description="HTTP status with its phrase.", examples=["200 - OK"])
    request_id: str | None = Field(
        description="Id of the request, for support.", examples=["0195e3a1-0000-7000-8000-000000000020"]
    )
    warnings: list[FaultDocument] = Field(
        default_factory=list,
        description="Extension: what was left out of a call that succeeded. Absent if nothing was.",
    )


class ErrorDetail(Element):
    """What is wrong with the call."""

    error_message: str = Field(
        description="Every fault in a sentence of its own.", examples=["Unexpected json key provided: recipients."]
    )
    error_code: str = Field(description="Error code.", examples=["invalid_request"])
    errors: list[FaultDocument] = Field(description="Extension: the same faults, each with its pointer and code.")


class MetaOfError(Meta):
    """Status, request id and error of the answer."""

    error: ErrorDetail = Field(description="The error.")


class ErrorDocument(Element):
    """Every error of lists and links."""

    meta: MetaOfError = Field(description="Status, request id and error.")


class Done(Element):
    """The call succeeded. It has no result."""

    meta: Meta = Field(description="Status and request id.")


# The statuses that operations document, by what they take.
KEY_ERRORS: dict[int, Any] = dict.fromkeys((401, 403), ErrorDocument)
QUERY_ERRORS: dict[int, Any] = KEY_ERRORS | {400: ErrorDocument}
PATH_ERRORS: dict[int, Any] = KEY_ERRORS | {404: ErrorDocument}
BODY_ERRORS: dict[int, Any] = QUERY_ERRORS | dict.fromkeys((413, 415), ErrorDocument)
SEND_ERRORS: dict[int, Any] = BODY_ERRORS | dict.fromkeys((409, 422), ErrorDocument)


def enveloped(result: type[BaseModel]) -> type[BaseModel]:
    """Return the schema of an answer with this result."""
    return create_model(
        f"{result.__name__}Answer",
        __doc__=result.__doc__,
        result=(result, Field(description="The result.")),
        meta=(Meta, Field(description="Status and request id.")),
    )


def paged(element: type[Element]) -> type[BaseModel]:
    """Return the schema of an answer with a page of these elements."""
    next_page = Field(
        alias="nextPage",
        description="URL of the next page, or null on the last page.",
        examples=["https://surveys.example.com/API/v3/surveys?skipToken=SV_0MtUzZ3kQhJw1xY"],
    )
    page = create_model(
        f"{element.__name__}Page",
        __doc__=element.__doc__,
        elements=(list[element], Field(description="The page's elements.")),  # type: ignore[valid-type]  # built here
        next_page=(str | None, next_page),
    )
    return enveloped(page)


_KINDS = {
    "list_id": Kind.MAILING_LIST,
    "contact_id": Kind.CONTACT,
    "distribution_id": Kind.DISTRIBUTION,
    "survey_id": Kind.SURVEY,
    "response_id": Kind.RESPONSE,
    "subscription_id": Kind.SUBSCRIPTION,
    "message_id": Kind.MESSAGE,
    "import_id": Kind.IMPORT,
}


class DialectView(AuditedView):
    """The base of all views of this dialect."""

    authentication_classes = (TokenAuthentication, ApiKeyAuthentication)

    def get_exception_handler(self) -> Callable[[Exception, Mapping[str, Any]], Response]:
        return render_error

    def read_keys(self, name: str, text: str) -> tuple[UUID, UUID] | None:
        kind = _KINDS.get(name)
        return read_id(kind, text) if kind else None

    def made_id(self, data: dict[str, Any]) -> Any:
        return data.get("result", {}).get("id")


def answer(result: Element, warnings: Sequence[Fault] = ()) -> Response:
    return answer_result(result.render(), warnings)


def answer_made(result: Element, warnings: Sequence[Fault] = ()) -> Response:
    """Answer the id of what the call made."""
    return CreatedResponse(_in_envelope(result.render(), warnings))


def answer_result(result: dict[str, Any], warnings: Sequence[Fault] = ()) -> Response:
    return Response(_in_envelope(result, warnings))


def answer_plan(plan: DryRun) -> Response:
    return DryRunResponse(_in_envelope(render_plan(plan)))


def answer_elements(elements: list[dict[str, Any]], next_page: str | None) -> Response:
    return answer_result({"elements": elements, "nextPage": next_page})


def answer_done(warnings: Sequence[Fault] = ()) -> Response:
    return Response({"meta": _meta(HTTPStatus.OK, warnings)})


def answer_recorded() -> Response:
    """Answer that it is done, by a call that has written its entries of the audit log itself."""
    return RecordedResponse({"meta": _meta(HTTPStatus.OK)})


def render_error(error: Exception, context: Mapping[str, Any]) -> Response:
    """Handle an exception of a view: return it in the published shape."""
    response = render_exception(error, context)
    problem = response.data
    reshaped = _render(HTTPStatus(response.status_code), problem["code"], _message(problem), problem["errors"])
    for name, value in response.items():
        if name != "Content-Type":
            reshaped[name] = value
    return reshaped


def _render(status: HTTPStatus, code: str, message: str, faults: list[dict[str, str]]) -> Response:
    error = {"errorMessage": message, "errorCode": code, "errors": faults}
    return Response({"meta": {**_meta(status), "error": error}}, status)


def _message(problem: Mapping[str, Any]) -> str:
    """Return every fault in the published words."""
    return " ".join(map(_sentence, problem["errors"])) or str(problem["detail"])


def _sentence(fault: Mapping[str, str]) -> str:
    parameter = fault["pointer"].lstrip("/?").replace("/", ".")
    if fault["code"] == "extra_forbidden":
        return f"Unexpected json key provided: {parameter}."
    if not parameter:
        return fault["detail"]
    return f"Issue with parameter: {parameter}, please fix and try again. Reason: {fault['detail'].rstrip('.')}."


def _in_envelope(result: dict[str, Any], warnings: Sequence[Fault] = ()) -> dict[str, Any]:
    return {"result": result, "meta": _meta(HTTPStatus.OK, warnings)}


def _meta(status: HTTPStatus, warnings: Sequence[Fault] = ()) -> dict[str, Any]:
    told = {"warnings": [asdict(warning) for warning in warnings]} if warnings else {}
    return {
        "httpStatus": f"{status.value} - {status.phrase}",
        "requestId": structlog.contextvars.get_contextvars().get("request_id"),
        **told,
    }
