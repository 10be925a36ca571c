"""What every answer of this dialect looks like: `{"result": …, "meta": …}`, and errors inside `meta`."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import structlog
from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.alias_generators import to_camel
from rest_framework.response import Response
from rest_framework.views import APIView

from distributor.api.authentication import ApiKeyAuthentication
from distributor.api.dialects.distributions_v3.authentication import TokenAuthentication
from distributor.api.dry_run import DryRunResponse, render_plan
from distributor.api.problems import FaultDocument, render_exception
from distributor.engine.acceptance.dry_run import DryRun

logger = structlog.get_logger(__name__)


class Element(BaseModel):
    """A thing as it is answered."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, frozen=True)

    def rendered(self) -> dict[str, Any]:
        """As it is answered; what an answer leaves out is not there."""
        return self.model_dump(by_alias=True, exclude_unset=True)


class Meta(Element):
    http_status: str = Field(description="Such as 200 - OK")
    request_id: str | None


class ErrorDetail(Element):
    error_message: str = Field(description="Every fault in a sentence of its own.")
    error_code: str
    errors: list[FaultDocument] = Field(description="Ours: the same faults, each with its place and code.")


class MetaOfError(Meta):
    error: ErrorDetail


class ErrorDocument(Element):
    """What every error looks like, whatever its status."""

    meta: MetaOfError


class Done(Element):
    """Of calls that have nothing to tell."""

    meta: Meta


ERRORS: dict[int, Any] = dict.fromkeys((401, 403), ErrorDocument)
ERRORS_OF_A_QUERY: dict[int, Any] = ERRORS | {400: ErrorDocument}
ERRORS_OF_ONE: dict[int, Any] = ERRORS | {404: ErrorDocument}
ERRORS_OF_A_BODY: dict[int, Any] = ERRORS_OF_A_QUERY | {413: ErrorDocument}
ERRORS_OF_SENDING: dict[int, Any] = ERRORS_OF_A_BODY | dict.fromkeys((409, 422), ErrorDocument)


def enveloped(result: type[BaseModel]) -> type[BaseModel]:
    """The schema of a result's answer."""
    return create_model(f"{result.__name__}Answer", __doc__=result.__doc__, result=(result, ...), meta=(Meta, ...))


def paged(element: type[Element]) -> type[BaseModel]:
    """The schema of a page's answer."""
    next_page = Field(alias="nextPage", description="The next page's address, or null after the last.")
    page = create_model(
        f"{element.__name__}Page",
        __doc__=element.__doc__,
        elements=(list[element], ...),  # type: ignore[valid-type]  # a schema is put together here
        next_page=(str | None, next_page),
    )
    return enveloped(page)


class DialectView(APIView):
    """A call of this dialect."""

    authentication_classes = (TokenAuthentication, ApiKeyAuthentication)

    def get_exception_handler(self) -> Callable[[Exception, Mapping[str, Any]], Response]:
        return render_error


def answer(result: Element) -> Response:
    return answer_result(result.rendered())


def answer_result(result: dict[str, Any]) -> Response:
    return Response(_in_envelope(result))


def answer_plan(plan: DryRun) -> Response:
    return DryRunResponse(_in_envelope(render_plan(plan)))


def answer_elements(elements: list[dict[str, Any]], next_page: str | None) -> Response:
    return answer_result({"elements": elements, "nextPage": next_page})


def answer_done() -> Response:
    return Response({"meta": _meta(HTTPStatus.OK)})


def render_error(error: Exception, context: Mapping[str, Any]) -> Response:
    """Whatever goes wrong below a view, in the published shape; what nobody foresaw is a 500, and logged."""
    response = render_exception(error, context)
    if response is None:
        logger.error("unexpected_error", exc_info=error)
        return _render(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", "This was not foreseen; it is logged.", [])
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
    """As the published API says it, of every fault."""
    return " ".join(map(_sentence, problem["errors"])) or str(problem["detail"])


def _sentence(fault: Mapping[str, str]) -> str:
    parameter = fault["pointer"].lstrip("/?").replace("/", ".")
    if fault["code"] == "extra_forbidden":
        return f"Unexpected json key provided: {parameter}."
    if not parameter:
        return fault["detail"]
    return f"Issue with parameter: {parameter}, please fix and try again. Reason: {fault['detail'].rstrip('.')}."


def _in_envelope(result: dict[str, Any]) -> dict[str, Any]:
    return {"result": result, "meta": _meta(HTTPStatus.OK)}


def _meta(status: HTTPStatus) -> dict[str, str | None]:
    return {
        "httpStatus": f"{status.value} - {status.phrase}",
        "requestId": structlog.contextvars.get_contextvars().get("request_id"),
    }
