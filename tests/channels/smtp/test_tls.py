"""SMTP over TLS: only to a server whose certificate the machine trusts."""

import ssl
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from channels.providers.base import Account, Outcome, Result
from channels.providers.smtp.provider import Smtp
from channels.providers.tls import tls_context
from contacts.channel import Channel
from tests.support.channels.batches import ANN
from tests.support.channels.invitations import invitation
from tests.support.channels.mail_server import MailServer


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a self-signed certificate for the name “localhost”, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "localhost.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return pem


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """Trust the certificate during the test."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tls_context.cache_clear()
    yield certificate
    tls_context.cache_clear()


def serve(certificate: Path, security: str) -> MailServer:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return MailServer(tls=context) if security == "tls" else MailServer(starttls=context)


def send(server: MailServer, security: str, host: str) -> Result:
    configuration = {"host": host, "port": server.port, "security": security}
    provider = Smtp(Account(UUID(int=1), UUID(int=2), Channel.EMAIL, configuration))
    try:
        return provider.send_batch([invitation(ANN)])[0]
    finally:
        provider.close()


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_trusted_server_gets_the_mail_encrypted(trusted: Path, security: str) -> None:
    with serve(trusted, security).running() as server:
        assert send(server, security, "localhost").outcome is Outcome.ACCEPTED
        assert server.recipients == [ANN]


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_an_untrusted_server_gets_nothing_and_the_mail_can_be_tried_again(certificate: Path, security: str) -> None:
    with serve(certificate, security).running() as server:
        result = send(server, security, "localhost")
        assert (result.outcome, server.mails) == (Outcome.TRANSIENT, [])
        assert "certificate" in result.detail.lower()


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_for_another_name_is_not_trusted(trusted: Path, security: str) -> None:
    with serve(trusted, security).running() as server:
        assert send(server, security, "127.0.0.1").outcome is Outcome.TRANSIENT
        assert server.mails == []
