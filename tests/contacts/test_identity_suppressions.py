"""Suppressions are found with the contacts, which spares a call a statement."""

import pytest

from contacts import identity_statements
from contacts.address_key import address_key
from contacts.channel import Channel
from contacts.contact_fields import ContactFields
from contacts.models import Organization, Suppression
from contacts.models.suppression import SuppressionReason
from tests.support.contacts import KINDS, make_contact, name_by, person, resolve

# psycopg takes longer statements apart at each call.
LONGEST_PARSED_ONCE = 4_096


def suppress(organization: Organization, channel: Channel, address: str, reason: SuppressionReason) -> None:
    Suppression.objects.create(organization=organization, channel=channel, address=address, reason=reason)


@pytest.mark.parametrize("kind", KINDS)
def test_suppressions_of_stored_addresses_are_found(organization: Organization, kind: str) -> None:
    ann = make_contact(organization, external_id="PAT-1", email="Ann@Example.com", phone="+48600000001")
    suppress(organization, Channel.EMAIL, "ann@example.com", SuppressionReason.BOUNCE)
    suppress(organization, Channel.SMS, "+48600000001", SuppressionReason.STOP)
    [found] = resolve(organization, name_by(kind, ann), channels=["email", "sms"])
    assert sorted(map(tuple, found.suppressions or ())) == [("email", "bounce"), ("sms", "stop")]


@pytest.mark.parametrize(
    "given",
    [
        person(external_id="new", email="Ann@Example.com"),
        person(email="Ann@Example.com"),
        person(phone="+48600000001"),
    ],
)
def test_suppressions_of_new_contacts_are_found(organization: Organization, given: ContactFields) -> None:
    suppress(organization, Channel.EMAIL, "ann@example.com", SuppressionReason.COMPLAINT)
    suppress(organization, Channel.SMS, "+48600000001", SuppressionReason.COMPLAINT)
    [found] = resolve(organization, given, channels=["email", "sms"])
    assert [reason for _, reason in found.suppressions or ()] == ["complaint"]


def test_an_address_has_all_its_reasons(organization: Organization) -> None:
    for reason in (SuppressionReason.STOP, SuppressionReason.BOUNCE):
        suppress(organization, Channel.SMS, "+48600000001", reason)
    [found] = resolve(organization, person(phone="+48600000001"), channels=["sms"])
    assert sorted(map(tuple, found.suppressions or ())) == [("sms", "bounce"), ("sms", "stop")]


def test_other_channels_and_other_organizations_do_not_count(organization: Organization) -> None:
    stranger = Organization.objects.create(name="Somebody else", slug="somebody-else")
    suppress(organization, Channel.WHATSAPP, "+48600000001", SuppressionReason.STOP)
    suppress(stranger, Channel.SMS, "+48600000001", SuppressionReason.STOP)
    [found] = resolve(organization, person(phone="+48600000001"), channels=["sms"])
    assert found.suppressions == []


def test_a_new_address_counts_and_the_replaced_one_does_not(organization: Organization) -> None:
    make_contact(organization, external_id="PAT-1", email="old@example.com")
    suppress(organization, Channel.EMAIL, "old@example.com", SuppressionReason.BOUNCE)
    [found] = resolve(organization, person(external_id="PAT-1", email="new@example.com"), channels=["email"])
    assert found.suppressions == []


@pytest.mark.parametrize("kind", KINDS)
def test_where_erased_addresses_are_suppressed_the_caller_looks(organization: Organization, kind: str) -> None:
    ann = make_contact(organization, external_id="PAT-1", email="ann@example.com", phone="+48600000001")
    suppress(organization, Channel.EMAIL, address_key("somebody@example.com"), SuppressionReason.UNSUBSCRIBE)
    [found] = resolve(organization, name_by(kind, ann), channels=["email"])
    assert found.suppressions is None


@pytest.mark.parametrize("name", ["BY_ID", "BY_EXTERNAL_ID", "BY_EMAIL", "BY_PHONE"])
def test_statements_are_parsed_once(name: str) -> None:
    assert len(getattr(identity_statements, name)) <= LONGEST_PARSED_ONCE
