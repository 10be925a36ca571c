"""Egress: which servers the connections of provider accounts may reach.

Anyone with the scope `manage` chooses an account's address. So connections are encrypted and go to public addresses
only; loopback, private, link-local, reserved and metadata addresses are refused, whichever way they are written. A
host is resolved once, and the socket is connected to the address that was checked, so a name that resolves differently
a moment later gains nothing. `ALLOWED_PROVIDER_HOSTS` lists the hosts for which none of this holds.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from time import monotonic
from typing import Final

from django.conf import settings

_Address = IPv4Address | IPv6Address

# Not public, and not (or not in every version of Python) known as such to the module ipaddress.
_CLOSED_NETWORKS = [
    ip_network(network)
    for network in (
        "168.63.129.16/32",  # Azure's metadata and DNS
        "192.0.0.0/24",  # protocol assignments, among them Oracle's metadata
        "192.88.99.0/24",  # 6to4 relays
        "64:ff9b:1::/48",  # local NAT64
        "2001::/23",  # protocol assignments, among them Teredo, which embeds IPv4 addresses
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which embeds IPv4 addresses
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fec0::/10",  # site-local
    )
]
_NAT64 = ip_network("64:ff9b::/96")
_LOOPBACK = ip_address("127.0.0.1")
# A name may have hundreds of addresses where nothing answers. After so long no other one is tried.
TRYING_SECONDS: Final = 10.0


class AddressRefusedError(Exception):
    """The account's address must not be connected to. The message is a sentence for the operator."""


def open_socket(host: str, port: int, timeout_seconds: float | None, *, is_encrypted: bool) -> socket.socket:
    """Connect to a host. `is_encrypted`: TLS follows. Raises AddressRefusedError, and OSError for the network."""
    is_free = is_listed(host, port)
    if not is_encrypted and not is_free:
        raise AddressRefusedError(_unencrypted(host))
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise AddressRefusedError(f"“{host}” is not a valid host name.") from error
    addresses = [str(sockaddr[0]) for *_, sockaddr in found]
    open_addresses = [address for address in addresses if is_free or is_public(_parse(address))]
    if not open_addresses:
        raise AddressRefusedError(_not_public(host))
    return _connect_to_first(open_addresses, port, timeout_seconds)


def address_fault(host: str, port: int | None, *, is_encrypted: bool) -> str | None:
    """Return why a connection would be refused, as far as that shows without resolving the host; else None."""
    if is_listed(host, port):
        return None
    address = _literal_address(host)
    if address is not None and not is_public(address):
        return _not_public(host)
    return None if is_encrypted else _unencrypted(host)


def is_listed(host: str, port: int | None) -> bool:
    """Return whether the operator's setting lists the host, with any or this port."""
    name = host.strip("[]").rstrip(".").lower()
    bracketed = f"[{name}]" if ":" in name else name
    listed = {entry.strip().lower() for entry in settings.ALLOWED_PROVIDER_HOSTS}
    return not listed.isdisjoint({"*", name, bracketed, f"{bracketed}:{port}"})


def is_public(address: _Address) -> bool:
    """Return whether the address is one of the open internet; for IPv6 that embeds IPv4, whether the inner one is."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    is_special = address.is_multicast or address.is_reserved or any(address in network for network in _CLOSED_NETWORKS)
    return address.is_global and not is_special


def _connect_to_first(addresses: list[str], port: int, timeout_seconds: float | None) -> socket.socket:
    """Connect to the first address that answers. They are numeric, so nothing is resolved again."""
    failure = OSError("The host has no address.")
    ends_at = monotonic() + TRYING_SECONDS
    for address in addresses:
        if monotonic() >= ends_at:
            break
        try:
            connected = socket.create_connection((address, port), timeout_seconds)
        except OSError as error:
            failure = error
        else:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connected
    raise failure


def _parse(address: str) -> _Address:
    return ip_address(address.partition("%")[0])  # without the zone of a link-local address


def _literal_address(host: str) -> _Address | None:
    """Return the address that a host spells out, also as 2130706433, 0x7f.1 or 0177.0.0.1; None for a name."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761
        return _LOOPBACK
    try:
        return _parse(name)
    except ValueError:
        pass
    try:
        return ip_address(socket.inet_aton(name))  # reads them as the resolver does
    except (OSError, ValueError):
        return None


def _not_public(host: str) -> str:
    # Not the address that was found: the answers of an internal DNS are nobody else's business.
    return (
        f"“{host}” is or leads to a private or reserved address, which accounts may not connect to. Use a public host,"
        " or have the operator add it to ALLOWED_PROVIDER_HOSTS."
    )


def _unencrypted(host: str) -> str:
    return (
        f"The connection to “{host}” must be encrypted: use https:// (for SMTP, “starttls” or “tls”), or have the"
        " operator add the host to ALLOWED_PROVIDER_HOSTS."
    )
