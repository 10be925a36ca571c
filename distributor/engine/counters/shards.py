"""Shards of counters: transactions that count at the same time write different rows."""

import os
from typing import Any, Final

SHARDS: Final = 8
# PostgreSQL keeps two-number advisory locks apart from those with one number, which the rest of the engine uses.
_LOCK_CLASS: Final = 20_261
# A part of a statement: `free` is the first shard that nobody holds. If all are held, it is the process's own.
FREE_SHARD: Final = f"""
free AS MATERIALIZED (
    SELECT coalesce((
        SELECT shard FROM generate_series(0, {SHARDS - 1}) AS shard
        WHERE pg_try_advisory_xact_lock({_LOCK_CLASS}, shard) LIMIT 1
    ), %(own_shard)s::int) AS shard
)
"""


def shard_parameters() -> dict[str, Any]:
    """Return the parameters of FREE_SHARD."""
    return {"own_shard": os.getpid() % SHARDS}
