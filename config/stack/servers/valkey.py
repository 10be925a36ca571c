"""The embedded Valkey: its command line and its readiness."""

import re
import signal
import socket

from config.stack.data_folder.layout import Layout
from config.stack.servers.binaries import valkey_binary
from config.stack.servers.identity import Identity, make_private_folder

# Each test worker uses a database of its own.
DATABASES = 64


class Valkey:
    """The server of one data folder. `prepare_folder`, then run `command`, then wait for `is_ready`."""

    name = "valkey"
    stop_signal = signal.SIGTERM
    hurry_signal = signal.SIGKILL  # Safe: every command is in the append-only file before it is answered.

    def __init__(self, layout: Layout, identity: Identity) -> None:
        self._data = layout.valkey
        self._sockets = layout.sockets
        self._identity = identity
        self._socket = layout.sockets / "valkey.sock"

    @property
    def url(self) -> str:
        return f"unix://{self._socket}?db=0"

    @property
    def command(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self._data),
            "databases": str(DATABASES),
            "appendonly": "yes",
            "save": "",
            "loglevel": "warning",
            "always-show-logo": "no",
        }
        return [str(valkey_binary()), *(part for name, value in options.items() for part in (f"--{name}", value))]

    @staticmethod
    def tidy(line: str) -> str:
        """Return a log line without Valkey's process id, role, time and level, which it has no option to omit.

        "" for advice about the kernel of a large server, which looks like a fault on a laptop.
        """
        if "vm.overcommit_memory" in line:
            return ""
        return re.sub(r"^\d+:\S+ (\d+ \w+ \d+ [\d:.]+ [-.*#]|\(\d+\)) ", "", line)

    def prepare_folder(self) -> None:
        for folder in (self._sockets, self._data):
            make_private_folder(folder, self._identity)

    def is_ready(self) -> bool:
        """Whether it answers PING. While it loads its append-only file, it accepts connections but answers LOADING."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(1)
                connection.connect(str(self._socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
