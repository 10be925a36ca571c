"""The whole stack of a run: servers, providers, proxies between them and the product, and the product itself."""

import contextlib
import http.client
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import redis

from config.stack.data_folder.keys import make_keys
from config.stack.processes.children import Guard, start_child
from config.stack.product.environment import product_environment
from config.stack.product.programs import PROJECT
from config.stack.servers.postgres import DATABASE, without_postgres_variables
from tests.chaos.outside.certificates import make_certificates
from tests.chaos.outside.provider_client import ProviderClient
from tests.chaos.outside.proxy import Mode, Proxy
from tests.chaos.outside.rabbitmq import RabbitMq
from tests.chaos.outside.servers import Servers
from tests.chaos.product.programs import ALL, WORKERS, Programs
from tests.stack.running import clean_environment, free_port

READY_LIMIT_SECONDS = 90.0
# Twilio accepts no callback URL whose host has no dot.
PUBLIC_BASE_URL = "https://surveys.example"


class Stack:
    """One stack in a temporary folder.

    `folder`: another place for its servers, such as a small file system. `logs_to`: a folder that keeps the logs.
    `has_rabbitmq`: the broker is RabbitMQ instead of Valkey.
    """

    def __init__(self, folder: Path | None = None, logs_to: Path | None = None, *, has_rabbitmq: bool = False) -> None:
        self._logs_to = logs_to
        self._own_folder = Path(tempfile.mkdtemp(prefix="chaos-"))
        self.folder = folder or self._own_folder
        self._guard = Guard()
        self._guard.remove(self._own_folder)
        base = without_postgres_variables(clean_environment())
        self._environment = product_environment(base, make_keys(), data=self.folder, public_base_url=PUBLIC_BASE_URL)
        self.rabbitmq = RabbitMq(self._own_folder, self._guard, self._environment) if has_rabbitmq else None
        self.servers = Servers(self.folder, self._guard, self._environment)
        self.ledger = self._own_folder / "ledger.log"
        self.port = free_port()

    def start(self) -> None:
        """Start everything and return once the product is ready. Raises RuntimeError if it does not become so."""
        self._environment["SSL_CERT_FILE"] = str(make_certificates(self._own_folder))
        announcements = self._start_providers()
        self.servers.start()
        self.database = Proxy(self.servers.postgres_socket)
        self._environment["DATABASE_URL"] = f"postgresql://postgres:@127.0.0.1:{self.database.port}/{DATABASE}"
        if self.rabbitmq is not None:
            self.rabbitmq.start()
            self.broker = Proxy(("127.0.0.1", self.rabbitmq.port))
            self._environment["REDIS_URL"] = f"amqp://guest:guest@127.0.0.1:{self.broker.port}//"
        else:
            self.broker = Proxy(self.servers.valkey_socket)
            self._environment["REDIS_URL"] = f"redis://127.0.0.1:{self.broker.port}/0"
        self.demo = self._prepare()
        self.providers = ProviderClient(self._read_announcement(announcements))
        self.ways = {name: Proxy(("127.0.0.1", self.providers.ports[name])) for name in self.providers.ports}
        self.programs = Programs(self._own_folder, self.port, self._environment, self._guard)
        self.programs.start(*ALL)
        self.await_ready()

    @property
    def broker_url(self) -> str:
        return self._environment["REDIS_URL"]

    @property
    def api_key(self) -> str:
        key: str = self.demo["apiKey"]
        return key

    def await_ready(self, limit_seconds: float = READY_LIMIT_SECONDS) -> None:
        """Wait until /readyz answers 200: database, broker, beat and a worker are there."""
        deadline = time.monotonic() + limit_seconds
        while not self._is_ready():
            if time.monotonic() > deadline:
                raise RuntimeError(f"the product was not ready after {limit_seconds:.0f} s; see {self.folder}")
            time.sleep(0.1)

    def mend(self) -> None:
        """End every fault, and start whatever does not run, without patches."""
        self.providers.reset()
        for proxy in (self.database, self.broker, *self.ways.values()):
            proxy.set(Mode.OPEN)
            proxy.latency_seconds = 0.0
        self.servers.start()
        if self.rabbitmq is not None:
            self.rabbitmq.thaw()
            self.rabbitmq.start()

    def reset_programs(self) -> None:
        """Let the product run as at the start, without patches and with dead workers' leases forgotten."""
        self.programs.reset()
        self.await_ready()

    def manage(self, *arguments: str) -> None:
        """Run a command of manage.py. Raises CalledProcessError if it fails."""
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=PROJECT, env=self._environment, capture_output=True, timeout=120, check=True)

    def expire_leases(self) -> None:
        """Let the leases of dead workers run out at once, instead of after their 60 s."""
        with self.servers.connect() as connection:
            connection.execute(
                "UPDATE distributor_batch SET lease_expires_at = clock_timestamp() WHERE lease_expires_at IS NOT NULL"
            )

    def flush_broker(self) -> None:
        """FLUSHALL: every wake-up that waits is lost."""
        with contextlib.suppress(redis.RedisError):
            self.servers.broker().flushall()

    def make_folder(self, name: str) -> Path:
        """Return a folder of this run, made when it is first asked for."""
        folder = self._own_folder / name
        folder.mkdir(exist_ok=True)
        return folder

    def end_evidence_windows(self) -> None:
        """Let the 15 minutes pass in which a provider may still report what became of a message."""
        with self.servers.connect() as connection:
            connection.execute(
                "UPDATE distributor_batch SET due_at = clock_timestamp() WHERE state = 'waiting'"
                " AND due_at IN (SELECT until FROM distributor_decision WHERE reason = 'awaiting_evidence')"
            )

    def worker_peak_mb(self) -> int:
        """Return the most memory that any worker process has used since it started."""
        peaks = [0]
        for pid in (pid for name in WORKERS for pid in self.programs.pids(name)):
            try:
                status = Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue
            peaks += [int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM:")]
        return max(peaks)

    def close(self) -> None:
        if hasattr(self, "programs"):
            self.programs.close()
        self.servers.stop()
        if self.rabbitmq is not None:
            self.rabbitmq.close()
        if self._logs_to is not None:
            self._logs_to.mkdir(parents=True, exist_ok=True)
            for log in {*self.folder.glob("*.log"), *self._own_folder.glob("*.log*")}:
                shutil.copy(log, self._logs_to)
        self._guard.dismiss()
        shutil.rmtree(self._own_folder, ignore_errors=True)

    def _start_providers(self) -> list[str]:
        """Start the providers' process and return the list that its output goes to.

        Linux kills a child with the thread that started it, so this is no work for a short-lived thread.
        """
        lines: list[str] = []
        command = [sys.executable, "-m", "tests.chaos.outside.provider", str(self.ledger)]
        self._providers_process = start_child("providers", command, self._environment, self._guard, folder=PROJECT)
        self._providers_process.pass_lines_to(lambda _, line: lines.append(line))
        return lines

    def _read_announcement(self, lines: list[str]) -> dict[str, Any]:
        while not lines or not lines[-1].startswith("{"):
            if not self._providers_process.is_running:
                raise RuntimeError("\n".join(lines))
            time.sleep(0.02)
        announcement: dict[str, Any] = json.loads(lines[-1])
        return announcement

    def _prepare(self) -> dict[str, Any]:
        seed = self._own_folder / "seed.json"
        command = [sys.executable, "-m", "config.stack.prepare", str(seed)]
        done = subprocess.run(command, cwd=PROJECT, env=self._environment, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(done.stdout + done.stderr)
        demo: dict[str, Any] = json.loads(seed.read_text())
        return demo

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
