"""POST /webhooks/{account id} and /webhooks/{account id}/{attempt id}: what providers tell.

A signature is all the authority there is: no API key, no cookie, no CSRF token. The address is the one that
engine/route/step_context.py gives out and providers put an attempt's id behind.
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

# SendGrid posts events when 768 kB of them have come together; nobody else comes near that.
BODY_MAX_BYTES = 4_000_000


@csrf_exempt
@require_http_methods(["POST", "HEAD", "GET"])
def take_webhook(request: HttpRequest, account_id: UUID, attempt_id: str = "") -> HttpResponse:
    """What the provider wants to hear; 403 for what is not signed, or not lately; 404 for no account of ours.

    Mandrill tries an address with HEAD before it uses it, and Unisender Go with GET: they want to see a 200.
    """
    if request.method != "POST":
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
        logger.warning("webhook_forged", account=str(account_id), because=str(forged))
        return HttpResponse(status=HTTPStatus.FORBIDDEN)
    return HttpResponse(answer.body, content_type=answer.content_type)
