"""The base of the native API's views: a query parameter that means nothing is a fault."""

from collections.abc import Iterator
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.views import APIView

from distributor.api.answers.problems import Fault, Problem, invalid_request
from distributor.api.bodies.suggestions import suggestion
from distributor.api.calls.audit import AuditedView

_known_parameters: dict[tuple[type[APIView], str], tuple[str, ...]] = {}


class NativeView(AuditedView):
    """Accepts the query parameters that its handler documents in the OpenAPI document, and no others.

    A misspelt filter would otherwise list everything. Raise a 400 Problem that names each unknown parameter.
    """

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.query_params:
            self._check_parameters(request, *args, **kwargs)

    def _check_parameters(self, request: Request, *args: Any, **kwargs: Any) -> None:
        method = "get" if request.method == "HEAD" else str(request.method).lower()
        handler = getattr(self, method, None)
        if handler is None or method == "options":
            return
        faults = list(_unknown_parameters(request, _parameters(self, method)))
        if not faults:
            return
        if method == "get" and len(faults) < len(request.query_params):
            # Reading changes nothing, so the faults of the other parameters are found by reading. Without any, an
            # unknown parameter costs no query.
            try:
                handler(request, *args, **kwargs)
            except Problem as problem:
                faults += problem.faults
        raise invalid_request(faults)


def _unknown_parameters(request: Request, known: tuple[str, ...]) -> Iterator[Fault]:
    prefixes = tuple(name.partition("{")[0] for name in known if "{" in name)
    for name in request.query_params:
        if name not in known and not (prefixes and name.startswith(prefixes)):
            shown = name[:200].replace("\0", "\\0")
            detail = f"There is no parameter {shown}.{suggestion(name, known)}"
            yield Fault(f"?{shown}", "unknown_parameter", detail)


def _parameters(view: NativeView, method: str) -> tuple[str, ...]:
    """Return the names of the query parameters that a handler documents, such as `limit` and `attributes.{key}`."""
    key = (type(view), method)
    if key not in _known_parameters:
        documented = getattr(getattr(view, method), "kwargs", {}).get("schema")
        parameters: list[Any] = []
        if documented is not None:
            schema = documented()
            schema.view = view
            parameters = schema.get_override_parameters()
        _known_parameters[key] = tuple(
            parameter.name
            for parameter in parameters
            if isinstance(parameter, OpenApiParameter) and parameter.location == OpenApiParameter.QUERY
        )
    return _known_parameters[key]
