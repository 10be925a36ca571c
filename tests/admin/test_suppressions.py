import pytest
from django.contrib.admin.models import DELETION, LogEntry
from django.test import Client

from contacts.models import Organization, Suppression
from tests.support.admin_pages import address, faults, listed


@pytest.mark.parametrize(
    ("channel", "entered", "stored"),
    [
        ("email", "Jan@Example.com", "jan@example.com"),
        ("sms", "601 234 567", "+48601234567"),
        ("whatsapp", "+48601234567", "+48601234567"),
    ],
)
def test_an_operator_suppresses_an_address(
    operator: Client, organization: Organization, channel: str, entered: str, stored: str
) -> None:
    data = {"organization": organization.pk, "channel": channel, "address": entered}
    assert operator.post(address(Suppression, "add"), data).status_code == 302
    row = Suppression.objects.get()
    assert (row.channel, row.address, row.reason, row.source) == (channel, stored, "manual", "operator olga")
    answer = operator.post(address(Suppression, "add"), data)
    assert "__all__" in faults(answer)
    assert Suppression.objects.count() == 1


@pytest.mark.parametrize(("channel", "entered"), [("email", "+48601234567"), ("sms", "jan@example.com")])
def test_an_address_is_one_of_its_channel(
    operator: Client, organization: Organization, channel: str, entered: str
) -> None:
    data = {"organization": organization.pk, "channel": channel, "address": entered}
    assert list(faults(operator.post(address(Suppression, "add"), data))) == ["address"]


@pytest.fixture
def suppression(organization: Organization) -> Suppression:
    return Suppression.objects.create(
        organization=organization, channel="email", address="jan@example.com", reason="bounce", source="webhook"
    )


def test_lifting_a_suppression_is_logged(operator: Client, suppression: Suppression) -> None:
    operator.post(address(suppression, "delete"), {"post": "yes"})
    assert not Suppression.objects.exists()
    entry = LogEntry.objects.get(object_id=str(suppression.pk))
    assert (entry.action_flag, entry.user.get_username()) == (DELETION, "olga")
    assert "jan@example.com" in entry.object_repr


def test_a_stop_is_lifted_by_the_person_alone(operator: Client, suppression: Suppression) -> None:
    suppression.reason = "stop"
    suppression.save()
    assert operator.post(address(suppression, "delete"), {"post": "yes"}).status_code == 403
    assert Suppression.objects.exists()


def test_an_operators_reason_stands_beside_another(
    operator: Client, organization: Organization, suppression: Suppression
) -> None:
    data = {"organization": organization.pk, "channel": "email", "address": suppression.address}
    assert operator.post(address(Suppression, "add"), data).status_code == 302
    assert sorted(Suppression.objects.values_list("reason", flat=True)) == ["bounce", "manual"]


def test_a_suppression_is_not_edited(operator: Client, suppression: Suppression) -> None:
    answer = operator.post(address(suppression, "change"), {"address": "other@example.com"})
    assert answer.status_code == 403
    assert Suppression.objects.get().address == "jan@example.com"


def test_a_suppression_is_found_by_its_address(operator: Client, suppression: Suppression) -> None:
    assert listed(operator, Suppression, q=" JAN@example.com") == [suppression]
    assert listed(operator, Suppression, q="jan") == []
