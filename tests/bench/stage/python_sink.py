"""A process of the stand-by for smtp-sink: `python -m tests.bench.stage.python_sink PORT`. Several share the port.

Prints `mesg=N`, the number of messages accepted so far, as smtp-sink does.
"""

import asyncio
import socket
import sys
from typing import Any

from aiosmtpd.smtp import SMTP

PRINT_SECONDS = 0.2


class Nowhere:
    """Accepts every message and counts it."""

    def __init__(self) -> None:
        self.count = 0

    async def handle_DATA(self, *_: Any) -> str:  # noqa: N802  aiosmtpd's name
        self.count += 1
        return "250 OK"


async def serve(port: int) -> None:
    """Accept mail on a port of 127.0.0.1, which other processes may listen on too."""
    nowhere = Nowhere()
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(("127.0.0.1", port))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(nowhere, loop=loop, hostname="sink.example"), sock=listener)
    async with server:
        while True:
            print(f"mesg={nowhere.count}", flush=True)
            await asyncio.sleep(PRINT_SECONDS)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
