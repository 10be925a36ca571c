"""PostgreSQL: killed, restarted, unreachable, out of connections, held up by a long transaction."""

import threading
import time

import psycopg

from tests.chaos.outside.proxy import Mode
from tests.chaos.registry import row
from tests.chaos.trial import Trial

AT_RELAY = 200  # of two workers at once


@row("PostgreSQL killed", "immediate shutdown in mid-campaign, twice, back after 3 s", risk=2 * AT_RELAY)
def kill_postgres(trial: Trial) -> None:
    trial.stack.providers.script("relay", latency_seconds=0.02)
    with trial.accepting(300 if trial.is_short else 1_000, call_size=20):
        trial.wait_for_messages(40)
        with trial.fault():
            for _ in range(1 if trial.is_short else 2):
                trial.stack.servers.postgres.kill()
                trial.sleep(3, short_seconds=1)
                trial.stack.servers.postgres.start()
                if trial.is_short:
                    trial.skip_leases()  # All workers have lost their connections, and what they held.
                trial.sleep(2, short_seconds=0)


@row("PostgreSQL restarted", "fast shutdown and start in mid-campaign, three times", risk=3 * AT_RELAY)
def restart_postgres(trial: Trial) -> None:
    trial.stack.providers.script("relay", latency_seconds=0.02)
    with trial.accepting(1_000, call_size=20):
        trial.wait_for_messages(40)
        with trial.fault():
            for _ in range(3):
                trial.stack.servers.postgres.stop()
                trial.stack.servers.postgres.start()
                trial.sleep(2)


@row("PostgreSQL in a black hole", "its packets vanish for 15 s, then connections are reset", risk=AT_RELAY)
def swallow_postgres(trial: Trial) -> None:
    trial.stack.providers.script("relay", latency_seconds=0.02)
    with trial.accepting(600, call_size=20):
        trial.wait_for_messages(40)
        with trial.fault():
            trial.stack.database.set(Mode.BLACK_HOLE)
            trial.sleep(15)
            trial.stack.database.set(Mode.OPEN)


@row("PostgreSQL slow", "50 ms more for each answer, in both directions of every transaction")
def slow_postgres(trial: Trial) -> None:
    trial.stack.database.latency_seconds = 0.05
    with trial.fault():
        trial.accept(300, call_size=50)
        trial.sleep(5)
        trial.stack.database.latency_seconds = 0.0


@row("out of connections", "all of PostgreSQL's connections are taken for 10 s, the product's included", risk=AT_RELAY)
def take_connections(trial: Trial) -> None:
    trial.stack.providers.script("relay", latency_seconds=0.02)
    held: list[psycopg.Connection[tuple[object, ...]]] = []
    with trial.accepting(600, call_size=20), trial.fault():
        trial.wait_for_messages(40)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            try:
                held.append(trial.stack.servers.connect())
            except psycopg.OperationalError:
                # Full. End the product's connections; the next round takes their places.
                pids = [connection.info.backend_pid for connection in held]
                held[0].execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> ALL(%s)",
                    [pids],
                )
                time.sleep(0.1)
        trial.notes.append(f"{len(held)} connections taken")
        for connection in held:
            connection.close()


@row("long transaction", "a transaction holds half of the distributions' rows and an old snapshot for 20 s")
def hold_transaction(trial: Trial) -> None:
    trial.stack.providers.script("relay", latency_seconds=0.02)
    is_over = threading.Event()

    def hold() -> None:
        with trial.stack.servers.connect() as connection, connection.transaction():
            connection.execute("SELECT count(*) FROM distributor_recipient")
            connection.execute(
                "SELECT id FROM distributor_distribution WHERE id IN ("
                " SELECT id FROM distributor_distribution ORDER BY created_at DESC LIMIT 10) FOR UPDATE"
            )
            is_over.wait(20)

    with trial.accepting(600, call_size=20):
        trial.wait_for_messages(100)
        with trial.fault():
            holder = threading.Thread(target=hold)
            holder.start()
            holder.join()
