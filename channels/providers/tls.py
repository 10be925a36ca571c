"""The TLS settings of all outgoing connections."""

import ssl
from functools import cache


@cache
def tls_context() -> ssl.SSLContext:
    """Return a context that verifies certificate and host name.

    Made once per process, because reading the system's certificate authorities is slow.
    """
    return ssl.create_default_context()
