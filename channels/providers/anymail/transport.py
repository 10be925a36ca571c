"""Anymail's backends on our own connections: pooled, with timeouts, without retries and redirects.

Imported with the first message, because importing Anymail and requests is slow. Nothing is read from Django's settings.
`Session` replaces requests.Session and sets a private field of Response (tests/channels/test_vendor_privates.py).
"""

from importlib import import_module
from typing import Any

from anymail.utils import EmailAddress
from django.core.mail import EmailMultiAlternatives
from requests import Request, Response
from requests.structures import CaseInsensitiveDict
from urllib3 import Timeout

from channels.providers.anymail.configuration import backend_settings
from channels.providers.anymail.services import TAG_PREFIX, Service
from channels.providers.base import Account, Message
from channels.providers.http_connections import open_pool, read_body
from channels.providers.mime import extra_headers
from channels.rendering import encode_subject

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0


class Session:
    """The part of requests.Session that Anymail uses, for `pool_size` threads at a time."""

    def __init__(self, pool_size: int) -> None:
        self._pool = open_pool(pool_size)

    def request(self, *, timeout: object = None, **arguments: Any) -> Response:
        """Make one request, without retries and with our timeouts, not the given one.

        Raises NotSentError, or urllib3's errors: then the service may have taken the message.
        """
        prepared = Request(**arguments).prepare()
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
        response._content = read_body(answer)
        response.encoding = "utf-8"
        return response

    def close(self) -> None:
        self._pool.clear()


def open_backend(service: Service, account: Account, pool_size: int) -> Any:
    """Return the service's EmailBackend with this account's settings, for several threads."""
    backend = import_module(f"anymail.backends.{service.module}").EmailBackend(**backend_settings(service, account))
    backend.session = Session(pool_size)
    return backend


def compose(service: Service, message: Message) -> EmailMultiAlternatives:
    """Return the message in Anymail's form. The addresses must be checked. Odd names raise AnymailInvalidAddress."""
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
    options: dict[str, Any] = {}
    if service.has_metadata:
        options["metadata"] = {"attempt_id": message.attempt_id, "group_id": message.group_id}
    else:
        options["tags"] = [TAG_PREFIX + message.attempt_id]
    if service.has_click_switch:
        options["track_clicks"] = False  # a rewritten link would no longer be ours to count
    for name, value in options.items():
        setattr(email, name, value)
    return email


def _headers(message: Message) -> dict[str, str]:
    """Return the headers of RFC 8058. The service makes the Message-ID, and other headers have fields of their own."""
    return {name: value for name, value in extra_headers(message).items() if name.startswith("List-Unsubscribe")}


def _mailbox(name: str, address: str) -> str:
    return str(EmailAddress(display_name=encode_subject(name), addr_spec=address))
