"""`make clients`: install the clients, start a stack, run every suite, print the table."""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.clients.front import Front
from tests.clients.install import Client, install, read_clients
from tests.clients.run import PROJECT, Failure, Outcome, run_client
from tests.clients.table import render_table
from tests.clients.world import HOST, World, prepare_world
from tests.stack.running import RunningStack
from tests.support.certificates import make_certificate


def main(arguments: list[str]) -> int:
    """Return the exit code: 0 if every check that is in scope passed."""
    options = _parser().parse_args(arguments)
    clients = [client for client in read_clients() if not options.only or options.only in client.name]
    if not clients:
        print("no client has such a name; tests/clients/versions.toml has them")
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that the stack is ended
    outcomes: dict[str, Outcome] = {}
    folders = {client.name: _install(client, options.cache, outcomes) for client in clients}
    with tempfile.TemporaryDirectory(prefix="clients-") as temporary, _running_world(Path(temporary)) as running:
        world, front, trusted = running
        for client in clients:
            if folder := folders[client.name]:
                print(f"running {client.name}", flush=True)
                outcomes[client.name] = run_client(client, folder, world, front, trusted)
                if options.verbose:
                    print(outcomes[client.name].output)
    print("\n" + render_table(outcomes))
    return int(any(outcome.failed for outcome in outcomes.values()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make clients", description="Run published clients against a stack.")
    parser.add_argument("--only", metavar="NAME", help="only the clients whose name contains this")
    parser.add_argument("--verbose", action="store_true", help="show what the clients print")
    cache = Path(os.environ.get("CLIENTS_CACHE", PROJECT / ".clients"))
    parser.add_argument("--cache", metavar="FOLDER", type=Path, default=cache, help="where clients are installed")
    return parser


def _install(client: Client, cache: Path, outcomes: dict[str, Outcome]) -> Path | None:
    """Return the client's folder. A client that cannot be installed has failed."""
    try:
        return install(client, cache.resolve())
    except (OSError, subprocess.SubprocessError) as error:
        outcomes[client.name] = Outcome(failed=[Failure("installing", str(error), [])])
        return None


@contextmanager
def _running_world(folder: Path) -> Iterator[tuple[World, Front, Path]]:
    """Start a stack that is known by the published host, and the front before it."""
    trusted = folder / "trusted.pem"
    trusted.write_bytes(make_certificate(folder / "front.pem", [HOST, "localhost"]))
    print("starting a stack", flush=True)
    stack = RunningStack(folder / "data", PUBLIC_BASE_URL=f"https://{HOST}")
    try:
        api_key = stack.ensure_running()["apiKey"]
        front = Front(stack.port, folder / "front.pem")
        node_address = f"https://localhost:{front.secure_port}"
        try:
            yield prepare_world(f"http://127.0.0.1:{stack.port}", node_address, api_key), front, trusted
        finally:
            front.close()
    finally:
        if stack.process is not None:
            stack.end(signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
