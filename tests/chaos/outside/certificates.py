"""Certificates of a relay: the one that the product trusts, and ones that it must refuse."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# By use: the host it is for, and the days until it ends. All are trusted, so only name and time can be wrong.
KINDS = {"trusted": ("localhost", 1), "another host's": ("relay.example", 1), "expired": ("localhost", -1)}


def make_certificates(folder: Path) -> Path:
    """Write a key and a self-signed certificate of each kind; return the file that a client trusts."""
    bundle = folder / "trusted.pem"
    bundle.write_bytes(b"".join(_make(folder / _file(kind), *KINDS[kind]) for kind in KINDS))
    return bundle


class Certificates:
    """The certificate that a server shows. A change holds for new connections."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.use("trusted")

    def use(self, kind: str) -> None:
        self.context.load_cert_chain(self._folder / _file(kind))


def _file(kind: str) -> str:
    return f"certificate {list(KINDS).index(kind)}.pem"


def _make(file: Path, host: str, days: int) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + public)
    return public
