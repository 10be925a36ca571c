"""The backend that settings name. Django looks for a module `base`.

Django asks a kept connection `SELECT 1` before a request uses it: a round trip, 3 % of the time of a call that sends to
one person. A server that restarts or ends a connection closes its socket, and the socket tells so without being asked.
"""

import select
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection, Error
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        """Whether the connection works. After an error the server is asked, as by Django itself."""
        if self.connection is not None and not self.errors_occurred and is_quiet(self.connection):
            return True
        return super().is_usable()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection:
        """Return a connection, from the pool if there is one. Those that the server has closed are left behind."""
        connection: Connection = super().get_new_connection(conn_params)
        while self.pool and not is_alive(connection):
            connection.close()
            self.pool.putconn(connection)
            connection = super().get_new_connection(conn_params)
        return connection


def is_alive(connection: Connection) -> bool:
    """Whether a connection of the pool works. Only one that has something to tell is asked."""
    if is_quiet(connection):
        return True
    try:
        ConnectionPool.check_connection(connection)
    except Error:
        return False
    return True


def is_quiet(connection: Connection) -> bool:
    """Whether the server has neither closed the connection nor sent anything that nobody has read.

    A connection inside a transaction is not: the transaction may have failed.
    """
    if connection.closed or connection.pgconn.transaction_status != TransactionStatus.IDLE:
        return False
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    return not poll.poll(0)
