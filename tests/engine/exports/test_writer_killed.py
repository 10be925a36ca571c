"""A process that writes an export, killed in the middle of its work."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from contacts.models import Contact, Organization
from distributor.engine.exports.start import ExportRequest, start_export
from distributor.engine.infrastructure.audit import SYSTEM
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Export
from tests.engine.exports.conftest import read_rows

PROJECT = Path(__file__).resolve().parents[3]
PEOPLE, PARTS = 2_000, 20
_WRITER = """
import django
django.setup()
from distributor.engine.exports import write
from distributor.engine.infrastructure.clock import database_now
write.PAGE = 20
while write.write_next(database_now()):
    pass
"""


@pytest.mark.django_db(transaction=True)
def test_no_row_is_lost_and_none_stands_twice(organization: Organization) -> None:
    Contact.objects.bulk_create(
        Contact(organization=organization, external_id=f"P-{number}", first_name="x" * 50) for number in range(PEOPLE)
    )
    export = start_export(organization, ExportRequest("contacts", "xlsx"), SYSTEM, "the tests", database_now())
    database = os.environ["DATABASE_URL"].replace("/distributor", f"/{connection.settings_dict['NAME']}", 1)
    environment = os.environ | {"DATABASE_URL": database, "REDIS_URL": settings.REDIS_URL}
    writer = subprocess.Popen([sys.executable, "-c", _WRITER], cwd=PROJECT, env=environment, start_new_session=True)
    while writer.poll() is None and Export.objects.get(pk=export.pk).part_count < PARTS:
        time.sleep(0.005)
    os.killpg(writer.pid, signal.SIGKILL)
    assert writer.wait() == -signal.SIGKILL, "it ended before it was killed"
    export.refresh_from_db()
    assert PARTS <= export.part_count < PEOPLE / 20
    names = [row["externalId"] for row in read_rows(export)]
    assert len(names) == PEOPLE == export.row_count
    assert set(names) == {f"P-{number}" for number in range(PEOPLE)}
