"""One log for all processes: time, name, line. Coloured only on a terminal."""

import os
import sys
import threading
import time
from typing import TextIO

STACK = "stack"
_NAME_WIDTH = 8
_COLOURS = {
    STACK: "1",
    "postgres": "34",
    "valkey": "31",
    "prepare": "36",
    "web": "32",
    "workers": "35",
    "beat": "33",
}


class StackLog:
    """Writes whole lines. Any thread may call it."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream
        self.is_coloured = stream.isatty() and not os.environ.get("NO_COLOR")
        self._lock = threading.Lock()

    def line(self, name: str, text: str) -> None:
        """Write one line of the process called `name`."""
        self._write(f"{time.strftime('%H:%M:%S')} {self._coloured(f'{name:<{_NAME_WIDTH}}', name)} {text}\n")

    def say(self, text: str) -> None:
        """Write a message of the supervisor itself."""
        for line in text.splitlines():
            self.line(STACK, line)

    def alarm(self, text: str) -> None:
        """Like `say`, but highlighted."""
        for line in text.splitlines():
            self.line(STACK, f"\x1b[1;31m{line}\x1b[0m" if self.is_coloured else line)

    def show(self, text: str) -> None:
        """Write text without time and name, so that it can be copied from the terminal."""
        self._write(f"{text}\n")

    def _coloured(self, text: str, name: str) -> str:
        return f"\x1b[{_COLOURS.get(name, '0')}m{text}\x1b[0m" if self.is_coloured else text

    def _write(self, text: str) -> None:
        with self._lock:
            try:
                self._stream.write(text)
                self._stream.flush()
            except OSError:
                return  # The reader has gone (`make run | head`): the stack continues without a log.
