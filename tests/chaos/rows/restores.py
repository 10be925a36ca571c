"""The database is restored in mid-campaign from a dump that knows only half of what was sent."""

import subprocess

from config.stack.servers.binaries import postgres_binary
from config.stack.servers.postgres import DATABASE
from tests.chaos.product.programs import ALL
from tests.chaos.registry import row
from tests.chaos.run import running_stack
from tests.chaos.trial import Trial

PEOPLE = 600


@row(
    "restored in mid-campaign",
    "PostgreSQL is put back to a dump of some seconds ago, compared with the journal, and released",
    stack=running_stack,
)
def restore_in_mid_campaign(trial: Trial) -> None:
    """Who was sent to after the dump ends as indeterminate: the relay cannot say whether it has a message."""
    dump = trial.stack.make_folder("backup") / "distributor.dump"
    trial.stack.providers.script("relay", latency_seconds=0.05)
    trial.accept(PEOPLE)
    trial.wait_for_messages(PEOPLE // 6)
    run_on_database(trial, "pg_dump", "--format=custom", f"--file={dump}", DATABASE)
    trial.wait_for_messages(PEOPLE // 2)
    with trial.fault():
        trial.stack.programs.stop("beat", "worker", "worker-2", "web")
        sent_before = len(trial.taken)
        run_on_database(trial, "dropdb", "--force", DATABASE)
        run_on_database(trial, "createdb", DATABASE)
        run_on_database(trial, "pg_restore", "--single-transaction", f"--dbname={DATABASE}", str(dump))
        trial.stack.programs.start(*ALL)
        trial.stack.await_ready()
        trial.wait_until(lambda: trial.is_recovering, "gap in the database's memory")
        trial.require(len(trial.taken) == sent_before, "something was sent before the release")
        trial.stack.manage("recovery", "release")


def run_on_database(trial: Trial, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on the stack's server."""
    sockets = trial.stack.servers.sockets
    command = [str(postgres_binary(program)), f"--host={sockets}", "--username=postgres", *arguments]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
