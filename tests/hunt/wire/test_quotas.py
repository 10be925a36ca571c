"""A quota that is used up is 429 in each face's own shape, until the next day."""

from datetime import timedelta

import pytest
from django.test import Client

from contacts.models import Contact, Organization
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.infrastructure.quotas import mark_used_up, quota_of
from distributor.models import Distribution
from tests.support.api.faces import Face

SENDING = ("native", "quick", "single send")


@pytest.fixture
def used_up(organization: Organization) -> Organization:
    organization.emails_per_day = 10
    organization.save()
    quota = quota_of(organization, "email", database_now())
    assert quota is not None
    mark_used_up(quota)
    return organization


def test_a_call_that_would_only_wait_is_refused(client: Client, faces: dict[str, Face], used_up: Organization) -> None:
    for name in SENDING:
        answer = faces[name].post(client)
        assert "10 e-mails of today" in faces[name].check_error(answer, 429)
        assert 1 <= int(answer["Retry-After"]) <= 25 * 3_600
        assert answer.json()["code"] == "emails_per_day"
    assert not Distribution.objects.exists()
    assert not Contact.objects.exists()


def test_what_is_scheduled_for_later_is_accepted(client: Client, faces: dict[str, Face], used_up: Organization) -> None:
    native = faces["native"]
    native.body["scheduledAt"] = (database_now() + timedelta(days=2)).isoformat()
    assert native.post(client).status_code == native.status


def test_a_changed_quota_is_open_again(client: Client, faces: dict[str, Face], used_up: Organization) -> None:
    Organization.objects.update(emails_per_day=20)
    assert faces["quick"].post(client).status_code == 201
