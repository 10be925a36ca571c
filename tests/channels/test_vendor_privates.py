"""Names in vendors' packages that our transports override or use although they are private or undocumented.

A failure means that this version of the package has changed. Adapt the transport, then the bound in pyproject.toml.
"""

import inspect
import smtplib
from collections.abc import Callable
from importlib.metadata import version
from io import BytesIO
from typing import Any

import pytest
import sendgrid
from anymail.backends.base_requests import AnymailRequestsBackend
from anymail.exceptions import AnymailAPIError
from anymail.webhooks.base import AnymailBaseWebhookView
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from kombu.transport import redis as kombu_redis
from python_http_client import exceptions as http_client_exceptions
from python_http_client.client import Client
from requests import Response
from twilio.http import HttpClient
from twilio.http.response import Response as TwilioResponse
from urllib3 import HTTPConnectionPool, PoolManager
from urllib3.connection import HTTPConnection


def parameters(call: Callable[..., Any]) -> list[str]:
    return [name for name in inspect.signature(call).parameters if name != "self"]


def require(package: str, is_there: bool, what: str) -> None:
    assert is_there, f"{package} {version(package)}: {what} has changed; see the module's docstring"


@pytest.mark.parametrize("name", ["_build_client", "_build_url"])
def test_sendgrids_http_client_has_the_methods_that_we_override_and_call(name: str) -> None:
    """channels/providers/sendgrid/transport.py"""
    require("python-http-client", callable(getattr(Client, name, None)), f"Client.{name}")


def test_sendgrids_http_client_keeps_its_state_where_we_read_it() -> None:
    made = Client("https://api.example", {"Accept": "x"}, 3, ["mail"])
    state = [getattr(made, name, None) for name in ("host", "request_headers", "_version", "_url_path")]
    require("python-http-client", state == ["https://api.example", {"Accept": "x"}, 3, ["mail"]], "Client's state")
    require("python-http-client", made._build_url(None) == "https://api.example/v3/mail", "Client._build_url")
    require("python-http-client", 429 in getattr(http_client_exceptions, "err_dict", {}), "exceptions.err_dict")
    error = http_client_exceptions.HTTPError(429, "Too Many Requests", b"body", {"name": "value"})
    read = (error.status_code, error.body, error.headers)
    require("python-http-client", read == (429, b"body", {"name": "value"}), "HTTPError")


def test_sendgrids_client_can_be_replaced() -> None:
    made = sendgrid.SendGridAPIClient("SG.x", host="https://api.example")
    headers = getattr(getattr(made, "client", None), "request_headers", {})
    require("sendgrid", headers.get("Authorization") == "Bearer SG.x", "SendGridAPIClient.client")


def test_twilios_http_client_has_the_method_that_we_override() -> None:
    """channels/providers/twilio/transport.py"""
    ours = ["method", "uri", "params", "data", "headers", "auth", "timeout", "allow_redirects"]
    require("twilio", parameters(HttpClient.request) == ours, "HttpClient.request")
    require("twilio", parameters(TwilioResponse)[:3] == ["status_code", "text", "headers"], "Response")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("build_message_payload", ["message", "defaults"]),
        ("post_to_esp", ["payload", "message"]),
        ("parse_recipient_status", ["response", "payload", "message"]),
    ],
)
def test_anymails_backends_have_the_steps_that_we_call(name: str, expected: list[str]) -> None:
    """channels/providers/anymail/answers.py"""
    method = getattr(AnymailRequestsBackend, name, None)
    require("django-anymail", method is not None and parameters(method) == expected, f"AnymailRequestsBackend.{name}")


def test_anymails_errors_and_webhook_views_have_what_we_read() -> None:
    require("django-anymail", AnymailAPIError("x", response=None).response is None, "AnymailAPIError.response")
    for name in ("run_validators", "parse_events"):
        method = getattr(AnymailBaseWebhookView, name, None)
        require("django-anymail", method is not None and parameters(method) == ["request"], f"webhook views' {name}")


def test_a_response_of_requests_reads_the_content_that_we_set() -> None:
    """channels/providers/anymail/transport.py"""
    response = Response()
    response._content = b"body"
    require("requests", response.content == b"body", "Response._content")


@pytest.mark.parametrize("name", ["connect", "_new_conn", "request", "getresponse", "is_connected"])
def test_urllib3s_connection_has_the_methods_that_we_override(name: str) -> None:
    """channels/providers/http_connections.py"""
    require("urllib3", name in vars(HTTPConnection), f"HTTPConnection.{name}")


def test_urllib3s_pools_take_our_connections() -> None:
    require("urllib3", HTTPConnectionPool.ConnectionCls is HTTPConnection, "HTTPConnectionPool.ConnectionCls")
    pools = getattr(PoolManager(), "pool_classes_by_scheme", {})
    require("urllib3", pools.keys() == {"http", "https"}, "PoolManager.pool_classes_by_scheme")


def test_djangos_request_reads_the_body_that_we_set() -> None:
    """channels/providers/anymail/events.py"""
    request = WSGIRequest({"REQUEST_METHOD": "POST", "wsgi.input": BytesIO()})
    request._body = b"body"
    require("django", request.body == b"body" and isinstance(request, HttpRequest), "HttpRequest._body")


def test_pythons_smtplib_opens_its_socket_by_the_method_that_we_override() -> None:
    """channels/providers/smtp/connection.py"""
    assert parameters(smtplib.SMTP._get_socket) == ["host", "port", "timeout"], "smtplib.SMTP._get_socket has changed"  # type: ignore[attr-defined]


def test_kombus_redis_transport_imports_with_the_packages_that_are_installed() -> None:
    """pyproject.toml installs redis and packaging, because kombu's own extra pins other packages."""
    require("kombu", getattr(kombu_redis, "redis", None) is not None, "transport.redis")


def test_kombus_redis_channel_makes_the_qos_that_we_replace() -> None:
    """config/acknowledgements.py"""
    is_there = kombu_redis.Channel.QoS.__mro__[1:2] == (kombu_redis.QoS,) and parameters(kombu_redis.QoS.ack) == [
        "delivery_tag"
    ]
    require("kombu", is_there, "transport.redis.Channel.QoS")
