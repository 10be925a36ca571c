"""`python -m config.stack`: run the whole stack, or run one command against temporary servers."""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

from config.stack.data_folder.layout import Layout
from config.stack.errors import StackError
from config.stack.log import StackLog
from config.stack.processes.children import end_with_parent, launch_command
from config.stack.product.shell import render_exports
from config.stack.supervisor import Supervisor
from config.stack.throwaway import ThrowawayServers


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        return _ACTIONS[options.action](options)
    except StackError as error:
        print(f"stack: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # The guard ends the processes that were started.
        return 128 + signal.SIGINT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m config.stack", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    run = actions.add_parser("run", help="PostgreSQL, Valkey, web, workers and beat, until Ctrl-C")
    env = actions.add_parser("env", help="print what a shell needs to work with the running stack")
    for action in (run, env):
        action.add_argument(
            "--data", type=Path, default=_default_data(), help="the data folder (DISTRIBUTOR_DATA, else .data)"
        )
    run.add_argument("--host", default=os.environ.get("HOST") or "127.0.0.1", help="the address to listen on (HOST)")
    run.add_argument("--port", type=int, default=os.environ.get("PORT") or "8000", help="the web's port (PORT)")
    run.add_argument("--end-with-parent", action="store_true", help="stop when the calling process is killed")
    services = actions.add_parser("with-services", help="run COMMAND against temporary servers; return its exit code")
    services.add_argument("--durable", action="store_true", help="on the data folder's disk, with synchronous commits")
    services.add_argument("command", nargs="+", metavar="COMMAND")
    return parser


def _default_data() -> Path:
    return Path(os.environ.get("DISTRIBUTOR_DATA") or ".data")


def _run(options: argparse.Namespace) -> int:
    if options.end_with_parent:
        end_with_parent()
    return Supervisor(options.data, options.host, options.port, StackLog()).run()


def _run_with_services(options: argparse.Namespace) -> int:
    durable_in = _default_data().absolute() if options.durable else None
    servers = ThrowawayServers(durable_in=durable_in)
    environment = servers.start(os.environ)
    try:
        process = subprocess.Popen(launch_command(options.command), env=environment)
        # The terminal sends Ctrl-C to the command as well.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda number, _: process.send_signal(number))
        code = process.wait()
        return code if code >= 0 else 128 - code
    finally:
        servers.stop()


def _print_environment(options: argparse.Namespace) -> int:
    print(render_exports(Layout(options.data.expanduser().absolute()).environment))
    return 0


_ACTIONS = {"run": _run, "with-services": _run_with_services, "env": _print_environment}


if __name__ == "__main__":
    sys.exit(main())
