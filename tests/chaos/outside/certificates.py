"""Certificates of a relay: the one that the product trusts, and ones that it must refuse."""

import ssl
from pathlib import Path

from tests.support.certificates import make_certificate

# By use: the host it is for, and the days until it ends. All are trusted, so only name and time can be wrong.
KINDS = {"trusted": ("localhost", 1), "another host's": ("relay.example", 1), "expired": ("localhost", -1)}


def make_certificates(folder: Path) -> Path:
    """Write a key and a self-signed certificate of each kind; return the file that a client trusts."""
    bundle = folder / "trusted.pem"
    bundle.write_bytes(
        b"".join(make_certificate(folder / _file(kind), [host], days) for kind, (host, days) in KINDS.items())
    )
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
