"""`GET /metrics` for a monitoring system such as Prometheus, behind a token of its own."""

from hmac import compare_digest
from http import HTTPStatus

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from distributor.engine.metrics.collect import read_metrics
from distributor.engine.metrics.family import CONTENT_TYPE


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer all metrics to whoever has METRICS_TOKEN. Without that setting the page is not there.

    API keys are of organisations, and these numbers are of the whole installation.
    """
    if not settings.METRICS_TOKEN:
        raise Http404
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    is_right = compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())
    if scheme.lower() != "bearer" or not is_right:
        return HttpResponse(
            "This page needs `Authorization: Bearer` with METRICS_TOKEN.\n",
            status=HTTPStatus.UNAUTHORIZED,
            content_type="text/plain; charset=utf-8",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return HttpResponse(read_metrics(), content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})
