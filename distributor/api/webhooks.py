"""POST /webhooks/{account id} and /webhooks/{account id}/{attempt id}: events reported by providers.

The request's signature is the only authentication: no API key, no cookie, no CSRF token. engine/route/step_context.py
gives providers the URL, and some providers append the id of the attempt.
"""

from http import HTTPStatus
from uuid import UUID

import structlog
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from channels.events import ForgedWebhookError
from distributor.engine.feedback.webhook import UnknownAccountError, receive_webhook
from distributor.engine.infrastructure.clock import database_now

logger = structlog.get_logger(__name__)

# SendGrid posts events in batches of up to 768 kB, the most of all providers.
BODY_MAX_BYTES = 4_000_000


@csrf_exempt
@require_http_methods(["POST", "HEAD", "GET"])
def take_webhook(request: HttpRequest, account_id: UUID, attempt_id: str = "") -> HttpResponse:
    """Answer as the provider expects; 403 for an invalid or outdated signature, 404 for an unknown account.

    Mandrill checks a URL with HEAD before it uses it, and Unisender Go with GET. Both expect a 200.
    """
    if request.method == "HEAD" or (request.method == "GET" and not request.META.get("QUERY_STRING")):
        return HttpResponse()
    if int(request.META.get("CONTENT_LENGTH") or 0) > BODY_MAX_BYTES:
        return HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = request.META.get("QUERY_STRING", "")
    try:
        answer = receive_webhook(account_id, attempt_id, query, headers, request.body, database_now())
    except UnknownAccountError:
        return HttpResponse(status=HTTPStatus.NOT_FOUND)
    except ForgedWebhookError as forged:
        logger.warning("webhook_forged", account=str(account_id), reason=str(forged))
        return HttpResponse(status=HTTPStatus.FORBIDDEN)
    return HttpResponse(answer.body, content_type=answer.content_type)
