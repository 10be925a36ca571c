"""Answers errors that no view has handled: webhooks without a page, APIs in JSON, and everything else with a page."""

from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.defaults import server_error

from distributor.api.answers.problems import PROBLEM_TYPE, problem_document, unexpected_problem

_API_PREFIXES: Final = ("api", "v1", "base")


def answer_server_error(request: HttpRequest) -> HttpResponse:
    """Return the 500. Errors in a view of an API get the shape of that API (render_exception); these lie outside it."""
    prefix = request.path_info.lstrip("/").partition("/")[0].lower()
    if prefix == "webhooks":
        return HttpResponse(status=500, content_type="text/plain")
    if prefix in _API_PREFIXES:
        return JsonResponse(problem_document(unexpected_problem()), status=500, content_type=PROBLEM_TYPE)
    return server_error(request)
