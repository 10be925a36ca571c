"""POST /webhooks/{account id} and /webhooks/{account id}/{attempt id}: events reported by providers.

The request's signature is the only authentication: no API key, no cookie, no CSRF token. engine/route/step_context.py
gives providers the URL, and some providers append the id of the attempt.
"""

from collections.abc import Mapping
from http import HTTPStatus
from uuid import UUID

import structlog
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from channels.events import ForgedWebhookError
from distributor.api.request_body import body_error
from distributor.engine.feedback.webhook import UnknownAccountError, UnreadableAccountError, receive_webhook
from distributor.engine.infrastructure.clock import database_now

logger = structlog.get_logger(__name__)


@csrf_exempt
@require_http_methods(["POST", "HEAD", "GET"])
def take_webhook(request: HttpRequest, account_id: UUID, attempt_id: str = "") -> HttpResponse:
    """Answer as the provider expects; 403 for an invalid or outdated signature, 404 for an unknown account.

    503 if the account's credentials cannot be read, so that nobody can say whether the signature is valid.

    Mandrill checks a URL with HEAD before it uses it, and Unisender Go with GET. Both expect a 200.
    """
    if request.method == "HEAD" or (request.method == "GET" and not request.META.get("QUERY_STRING")):
        return HttpResponse()
    try:
        body = request.body
    except Exception as error:
        unreadable = body_error(error)
        if unreadable is None:
            raise
        return _refuse(unreadable.status, unreadable.headers)
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = request.META.get("QUERY_STRING", "")
    try:
        answer = receive_webhook(account_id, attempt_id, query, headers, body, database_now())
    except UnknownAccountError:
        return _refuse(HTTPStatus.NOT_FOUND)
    except UnreadableAccountError as unverifiable:
        # The provider repeats it; a 403 would make some give up.
        logger.error("webhook_not_verified", account=str(account_id), reason=str(unverifiable))
        return _refuse(HTTPStatus.SERVICE_UNAVAILABLE)
    except ForgedWebhookError as forged:
        logger.warning("webhook_forged", account=str(account_id), reason=str(forged))
        return _refuse(HTTPStatus.FORBIDDEN)
    return HttpResponse(answer.body, content_type=answer.content_type)


@csrf_exempt
def unknown_webhook(request: HttpRequest) -> HttpResponse:
    """Answer 404 to a webhook URL without an account's id."""
    return _refuse(HTTPStatus.NOT_FOUND)


def _refuse(status: HTTPStatus, headers: Mapping[str, str] | None = None) -> HttpResponse:
    return HttpResponse(status=status, content_type="text/plain", headers=headers)
