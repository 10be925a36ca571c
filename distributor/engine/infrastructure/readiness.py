"""Whether all migrations and the broker are there. Asked by /readyz and `distributor doctor`."""

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from distributor.engine.infrastructure.wakeups import broker_with_short_timeouts


def count_missing_migrations() -> int:
    """Return how many migrations are not applied."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def reach_broker() -> None:
    """Connect to the broker. Raises what that broker raises, within a second."""
    with broker_with_short_timeouts() as broker:
        broker.ensure_connection(max_retries=0)
