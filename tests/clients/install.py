"""Installs each client once, into a folder of its own below the cache."""

import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
INSTALL_SECONDS = 600


@dataclass(frozen=True)
class Client:
    """A published client: what pip or npm installs, and the suite that runs it."""

    name: str
    install: list[str]
    run: str

    @property
    def is_npm(self) -> bool:
        return self.run.endswith(".js")


def read_clients() -> list[Client]:
    clients = tomllib.loads((HERE / "versions.toml").read_text())
    return [Client(name, **values) for name, values in clients.items()]


def install(client: Client, cache: Path) -> Path:
    """Return the folder with the client installed. Raises CalledProcessError if its registry refuses."""
    folder = cache / client.install[0].replace("==", "-").replace("@", "-")
    stamp, wanted = folder / "installed.txt", "\n".join(client.install)
    if stamp.exists() and stamp.read_text() == wanted:
        return folder
    print(f"installing {client.install[0]} into {folder}", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    if client.is_npm:
        _run("npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--save-exact", *client.install)
    else:
        _run(sys.executable, "-m", "venv", "--clear", str(folder))
        _run(str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", *client.install)
    stamp.write_text(wanted)
    return folder


def _run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=INSTALL_SECONDS)
