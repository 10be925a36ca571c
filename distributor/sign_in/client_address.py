"""The address that a request comes from, as the login throttle counts it."""

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

_SITE_BITS = 64  # One customer has at least this network in IPv6, and may use a new address for each request.


def client_address(request: HttpRequest) -> str | None:
    """Return the client's IPv4 address, or its IPv6 network, such as `2001:db8::`. None: not known.

    Behind TRUSTED_PROXY_COUNT proxies it is that entry of X-Forwarded-For, counted from the end: each proxy appends
    the address that connected to it, and everything in front of these entries may be made up.
    """
    forwarded = [entry.strip() for entry in request.headers.get("X-Forwarded-For", "").split(",") if entry.strip()]
    count = settings.TRUSTED_PROXY_COUNT
    named = forwarded[-count] if 0 < count <= len(forwarded) else request.META.get("REMOTE_ADDR", "")
    try:
        address = ip_address(named)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ip_network((address, _SITE_BITS), strict=False).network_address)
    return str(address)
