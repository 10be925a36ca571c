"""After a restore the admin says that nothing is sent, what was found, and lets superusers release it."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client

from distributor.engine.infrastructure.clock import database_now
from distributor.engine.infrastructure.installation import find_installation
from distributor.models import Installation

FINDINGS = {
    "counts": {"handovers": 2, "written_back": 6, "to_repeat": 4, "unknown_recipients": 3},
    "firstAt": "2026-03-01T10:00:00+00:00",
    "lastAt": "2026-03-01T10:05:00+00:00",
    "forgotten": {"0190b5a0-0000-7000-8000-000000000001": 3},
    "pausedDistributions": [],
    "skippedOccurrences": ["Weekly, 2026-03-01 09:00 UTC"],
}


@pytest.fixture
def recovering(db: None) -> None:
    find_installation()
    Installation.objects.update(recovering_since=database_now(), recovery=FINDINGS)


@pytest.mark.usefixtures("recovering")
def test_the_front_page_says_that_nothing_is_sent(operator: Client) -> None:
    page = operator.get("/admin/").content.decode()
    assert "the database was restored and had forgotten 2 hand-overs" in page
    assert "/admin/recovery/" in page


def test_the_front_page_says_nothing_if_all_is_well(operator: Client) -> None:
    assert "errornote" not in operator.get("/admin/").content.decode()
    assert "Nothing is held back." in operator.get("/admin/recovery/").content.decode()


def test_the_front_page_says_that_the_journal_is_not_written(operator: Client, settings: LazySettings) -> None:
    settings.JOURNAL_FOLDER = "/journal"
    find_installation()
    Installation.objects.update(journal_failed_at=database_now(), journal_fault="No space left on device")
    assert "No space left on device" in operator.get("/admin/").content.decode()
    Installation.objects.update(journal_failed_at=database_now() - timedelta(minutes=3))
    assert "No space left" not in operator.get("/admin/").content.decode()


@pytest.mark.usefixtures("recovering")
def test_the_page_lists_what_was_found_and_releases_it(operator: Client) -> None:
    page = operator.get("/admin/recovery/").content.decode()
    assert "6 attempts written back" in page
    assert "3 unknown recipients" in page
    assert "Weekly, 2026-03-01 09:00 UTC" in page
    assert operator.post("/admin/recovery/").status_code == 302
    assert Installation.objects.get().recovering_since is None
    assert "6 attempts written back" in operator.get("/admin/recovery/").content.decode()


@pytest.mark.usefixtures("recovering")
def test_only_superusers_may_release(client: Client) -> None:
    client = Client()
    client.force_login(User.objects.create_user("stan", is_staff=True))
    assert client.get("/admin/recovery/").status_code == 403
    assert client.post("/admin/recovery/").status_code == 403
    assert Installation.objects.get().recovering_since is not None
    assert Client().post("/admin/recovery/").status_code == 302  # to the login
