"""A worker whose connection to PostgreSQL is gone, as after a restart of the server."""

import pytest
from django.db import connection

from distributor.models import Heartbeat
from distributor.tasks import sweep_lanes


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_noticed", [True, False], ids=["noticed by a failed query", "not noticed yet"])
def test_the_next_task_connects_anew(is_noticed: bool) -> None:
    connection.ensure_connection()
    connection.connection.close()
    connection.errors_occurred = is_noticed
    sweep_lanes.apply(throw=True)
    assert Heartbeat.objects.exists()
