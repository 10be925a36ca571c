"""What all resources have."""

from distributor_client._async.transport import AsyncTransport


class Resource:
    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport
