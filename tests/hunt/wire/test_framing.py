"""Bodies in chunks, over real HTTP: .NET's HttpClient, Node's streams, nginx without buffering, `curl -T -`."""

import gzip
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.db import connection

from channels.models import ProviderAccount
from channels.providers.twilio.events import sign
from contacts.channel import Channel
from contacts.models import Contact, Suppression
from distributor.engine.route.step_context import as_account
from distributor.models import Recipient, Response
from tests.support.api.faces import Face
from tests.support.channels.twilio_account import CREDENTIALS, SENDER

SIGNATURE = "X-Twilio-Signature"
MEGABYTE = 1024 * 1024


@pytest.fixture
def server(transactional_db: None) -> Iterator[tuple[str, int]]:
    """A real gunicorn on the tests' database."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # The address of the tests' server, with the name of the tests' database.
    url = re.sub(r"/[^/?]*(?=\?|$)", f"/{connection.settings_dict['NAME']}", os.environ["DATABASE_URL"], count=1)
    command = [sys.executable, "-m", "gunicorn", "config.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    command += ["--worker-class", "gthread", "--threads", "4", "--log-level", "error", "--no-control-socket"]
    process = subprocess.Popen(command, env={**os.environ, "DATABASE_URL": url, "SECRET_KEY": settings.SECRET_KEY})
    try:
        for _attempt in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield "127.0.0.1", port
    finally:
        process.terminate()
        process.wait(10)


def send_chunks(
    server: tuple[str, int], path: str, body: bytes, headers: dict[str, str], piece: int = 7
) -> tuple[HTTPResponse, bytes]:
    """POST a body in chunks of `piece` bytes."""
    caller = HTTPConnection(*server, timeout=20)
    chunks = (body[start : start + piece] for start in range(0, len(body), piece))
    with suppress(BrokenPipeError, ConnectionResetError):  # the server may answer before it has read everything
        caller.request("POST", path, chunks, headers, encode_chunked=True)
    response = caller.getresponse()
    content = response.read()
    caller.close()
    return response, content


def send_raw(server: tuple[str, int], text: bytes) -> bytes:
    with socket.create_connection(server, timeout=20) as caller:
        caller.sendall(text)
        caller.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: caller.recv(65536), b""))


def test_every_face_and_page_reads_chunks(
    server: tuple[str, int], api_key: str, faces: dict[str, Face], accounts: dict[Channel, ProviderAccount]
) -> None:
    headers = {
        "x-api-key": api_key,
        "Content-Type": "application/json",
        "Transfer-Encoding": "chunked",
        "Host": "localhost",
    }
    for face in faces.values():
        body = json.dumps(face.body).encode()
        response, content = send_chunks(server, face.path, body, headers)
        assert response.status == face.status, (face.name, content)
        packed = {**headers, "Content-Encoding": "gzip"}
        response, content = send_chunks(server, face.path, gzip.compress(body), packed)
        assert response.status in (face.status, 200), (face.name, content)
        response, content = send_chunks(server, face.path, b" " * (10 * MEGABYTE + 1), headers, piece=MEGABYTE)
        assert response.status == 413, (face.name, content)
        assert "10 MB" in face.error_text(json.loads(content))
        response, content = send_chunks(server, face.path, b"", headers)
        assert response.status == 400, (face.name, content)
        assert face.error_text(json.loads(content))
    assert Contact.objects.filter(external_id="PAT-1").count() == 1
    check_broken_chunks(server, api_key, faces["native"])
    check_pages(server)
    check_webhooks(server, accounts[Channel.EMAIL])
    check_signed_webhook(server, accounts[Channel.SMS])


def check_broken_chunks(server: tuple[str, int], api_key: str, face: Face) -> None:
    """A body that ends or breaks in the middle is the caller's fault, and no error of ours."""
    head = f"POST {face.path} HTTP/1.1\r\nHost: localhost\r\nx-api-key: {api_key}\r\nTransfer-Encoding: chunked\r\n\r\n"
    for rest in (b"zz\r\n{}", b"5\r\n{", b"2\r\n{}xx0\r\n\r\n", b"-1\r\n", b""):
        answer = send_raw(server, head.encode() + rest)
        assert answer.split()[1] == b"400", answer
        assert b"unreadable_body" in answer


def check_pages(server: tuple[str, int]) -> None:
    """The built-in question, and a mail program's one click, whose form may come in several parts (RFC 8058)."""
    code = Recipient.objects.filter(contact__external_id="PAT-1").order_by("pk").values_list("code", flat=True)[0]
    form = {"Content-Type": "application/x-www-form-urlencoded", "Transfer-Encoding": "chunked"}
    response, content = send_chunks(server, f"/p/{code}", b"score=9&comment=fine", form)
    assert response.status == 303, content
    assert Response.objects.count() == 1
    parts = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
    multipart = {"Content-Type": "multipart/form-data; boundary=x", "Transfer-Encoding": "chunked"}
    assert send_chunks(server, f"/u/{code}", parts, multipart)[0].status == 200
    assert Contact.objects.get(external_id="PAT-1").opted_out_at is not None
    too_long = send_chunks(server, f"/u/{code}", b"x" * (10 * MEGABYTE + 1), form, piece=MEGABYTE)
    assert (too_long[0].status, too_long[0].getheader("Content-Type")) == (413, "text/plain")


def check_webhooks(server: tuple[str, int], account: ProviderAccount) -> None:
    """A webhook's body is read as a whole before it is verified, and is bounded."""
    path, headers = f"/webhooks/{account.pk}", {"Transfer-Encoding": "chunked"}
    too_long: Any = send_chunks(server, path, b"x" * 4_000_001, headers, piece=MEGABYTE)
    assert (too_long[0].status, too_long[1]) == (413, b"")


def check_signed_webhook(server: tuple[str, int], account: ProviderAccount) -> None:
    """The signature covers the decoded form, whatever its framing. A proxy without buffering passes chunks on."""
    account.kind, account.credentials, account.configuration = "twilio", CREDENTIALS, {"from": SENDER}
    account.save()
    form = {
        "MessageSid": "SM" + "5" * 32,
        "SmsStatus": "received",
        "From": "+48600000077",
        "To": SENDER,
        "Body": "STOP",
    }
    signature = sign(CREDENTIALS["auth_token"], as_account(account).webhook_url, {key: [form[key]] for key in form})
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Transfer-Encoding": "chunked"}
    path = f"/webhooks/{account.pk}"
    forged = send_chunks(server, path, urlencode({**form, "Body": "x"}).encode(), {**headers, SIGNATURE: signature})
    assert forged[0].status == 403
    response, content = send_chunks(server, path, urlencode(form).encode(), {**headers, SIGNATURE: signature})
    assert response.status == 200, content
    assert set(Suppression.objects.values_list("address", "reason")) >= {("+48600000077", "stop")}
