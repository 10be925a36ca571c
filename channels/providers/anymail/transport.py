"""Anymail's backends over connections of ours: pooled, timed, never retried or redirected, exact about what arrived.

Imported when the first message leaves: Anymail and requests take a while. Nothing is read from Django's settings.
"""

from importlib import import_module
from typing import Any

from anymail.utils import EmailAddress
from django.core.mail import EmailMultiAlternatives
from requests import Request, Response
from requests.structures import CaseInsensitiveDict
from urllib3 import Timeout

from channels.providers.anymail.services import TAG_PREFIX, Service, backend_settings
from channels.providers.base import Account, Message
from channels.providers.http_connections import open_pool, read_as_far_as_it_comes
from channels.providers.mime import further_headers
from channels.rendering import encode_subject

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0


class Session:
    """What Anymail needs of requests.Session, for as many threads as `pool_size`."""

    def __init__(self, pool_size: int) -> None:
        self._pool = open_pool(pool_size)

    def request(self, *, timeout: object = None, **asked: Any) -> Response:
        """One request, one try; our timeouts, whatever is asked. Raises NotSent, or urllib3's errors: maybe taken."""
        prepared = Request(**asked).prepare()
        answer = self._pool.urlopen(
            prepared.method or "POST",
            prepared.url or "",
            body=prepared.body,
            headers=prepared.headers,
            timeout=Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        response = Response()
        response.status_code, response.reason, response.url = answer.status, answer.reason or "", prepared.url or ""
        response.headers = CaseInsensitiveDict(answer.headers)
        response._content = read_as_far_as_it_comes(answer)
        response.encoding = "utf-8"
        return response

    def close(self) -> None:
        self._pool.clear()


def open_backend(service: Service, account: Account, pool_size: int) -> Any:
    """The service's EmailBackend with this account's settings, ready for several threads."""
    backend = import_module(f"anymail.backends.{service.module}").EmailBackend(**backend_settings(service, account))
    backend.session = Session(pool_size)
    return backend


def compose(service: Service, message: Message) -> EmailMultiAlternatives:
    """A message as Anymail takes it. The addresses must be checked. Raises AnymailInvalidAddress for odd names."""
    sender = message.sender
    email = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        from_email=_mailbox(sender.name, sender.email),
        to=[_mailbox(message.to_name, message.to)],
        reply_to=[sender.reply_to_email] if sender.reply_to_email else None,
        headers=_headers(message),
    )
    if html := message.html:
        email.attach_alternative(html, "text/html")
    told: dict[str, Any] = {}
    if service.has_metadata:
        told["metadata"] = {"attempt_id": message.attempt_id, "group_id": message.group_id}
    else:
        told["tags"] = [TAG_PREFIX + message.attempt_id]
    if service.has_click_switch:
        told["track_clicks"] = False  # a personal link goes where it says
    for name, value in told.items():
        setattr(email, name, value)
    return email


def _headers(message: Message) -> dict[str, str]:
    """Those of RFC 8058. The others have fields of their own, and a Message-ID the service makes."""
    return {name: value for name, value in further_headers(message).items() if name.startswith("List-Unsubscribe")}


def _mailbox(name: str, address: str) -> str:
    return str(EmailAddress(display_name=encode_subject(name), addr_spec=address))
