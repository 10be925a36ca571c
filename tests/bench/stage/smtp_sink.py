"""A mail server that accepts everything and keeps nothing: postfix's smtp-sink, or else processes of aiosmtpd.

smtp-sink takes about a tenth of the processor time: Debian has it in the package `postfix`.
"""

import os
import re
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.stage.processes import free_port, running, wait_until

# Where Debian installs it, which is not on everybody's PATH.
SBIN = "/usr/sbin"
BACKLOG = 128
STANDBY_PROCESSES = 2
_MESSAGES = re.compile(rb"mesg=(\d+)")


@dataclass(frozen=True)
class Sink:
    """A running mail server. `is_fast`: smtp-sink."""

    port: int
    is_fast: bool
    count: Callable[[], int]


@contextmanager
def smtp_sink(logs: Path) -> Iterator[Sink]:
    """Run a sink on 127.0.0.1 until the block ends. `count` tells how many messages it has accepted."""
    program = shutil.which("smtp-sink", path=os.pathsep.join([os.environ.get("PATH", ""), SBIN]))
    port, log = free_port(), logs / "smtp-sink.log"
    if program:
        # -c counts on its standard output. Without -u it would want to leave root.
        commands = [[program, "-c", *_user(), f"127.0.0.1:{port}", str(BACKLOG)]]
    else:
        commands = [[sys.executable, "-m", "tests.bench.stage.python_sink", str(port)]] * STANDBY_PROCESSES
    files = [log.with_suffix(f".{number}.log") for number in range(len(commands))]
    with ExitStack() as stack:
        checks = [
            stack.enter_context(running(command, {}, file)) for command, file in zip(commands, files, strict=True)
        ]

        def check() -> None:
            for check_process in checks:
                check_process()

        wait_until(lambda: _listens(port), check)
        yield Sink(port, program is not None, lambda: sum(_last_count(file) for file in files))


def _user() -> list[str]:
    return ["-u", "root"] if os.geteuid() == 0 else []


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _last_count(file: Path) -> int:
    found = _MESSAGES.findall(file.read_bytes())
    return int(found[-1]) if found else 0
