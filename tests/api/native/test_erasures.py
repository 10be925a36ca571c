"""POST /api/v1/erasures: erasing by address."""

import pytest
from django.test import Client

from contacts.api_keys import create_api_key
from contacts.models import Contact, ErasedAddress, Organization
from contacts.models.api_key import Scope
from tests.support.api.bodies import faults_in
from tests.support.api.resources import post

pytestmark = pytest.mark.django_db


@pytest.fixture
def family(organization: Organization) -> list[Contact]:
    """A mother and a child with her address, and somebody of another organisation who has it, too."""
    other = Organization.objects.create(name="Other", slug="other")
    ours = [
        Contact.objects.create(organization=organization, external_id=name, email="Ann@example.com") for name in "ab"
    ]
    return [*ours, Contact.objects.create(organization=other, external_id="c", email="ann@example.com")]


def test_everybody_of_the_organisation_who_has_the_address_is_erased(client: Client, family: list[Contact]) -> None:
    ids = [str(contact.pk) for contact in family[:2]]
    asked = post(client, "erasures", {"address": "ANN@example.com", "dryRun": True})
    assert asked.json() == {"dryRun": True, "contactIds": ids}
    assert not Contact.objects.exclude(erased_at=None).exists()
    erased = post(client, "erasures", {"address": "ANN@example.com"})
    assert (erased.status_code, erased.json()) == (200, {"dryRun": False, "contactIds": ids})
    assert list(Contact.objects.filter(erased_at=None)) == family[2:]
    assert post(client, "erasures", {"address": "ann@example.com"}).json()["contactIds"] == []


def test_a_number_is_read_as_one_of_the_organisations_country(client: Client, organization: Organization) -> None:
    contact = Contact.objects.create(organization=organization, phone="+48600000001")
    assert post(client, "erasures", {"address": "600 000 001"}).json()["contactIds"] == [str(contact.pk)]


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({"address": "ann"}, [("/address", "invalid_address")]),
        ({"address": "ann@"}, [("/address", "invalid_address")]),
        ({}, [("/address", "missing")]),
    ],
)
def test_what_is_no_address_is_refused(client: Client, body: dict[str, str], faults: list[tuple[str, str]]) -> None:
    response = post(client, "erasures", body)
    assert (response.status_code, faults_in(response)) == (400, faults)
    assert not ErasedAddress.objects.exists()


def test_erasing_needs_manage(organization: Organization) -> None:
    sender = Client(headers={"x-api-key": create_api_key(organization, "tests", [Scope.READ, Scope.SEND])[1]})
    assert post(sender, "erasures", {"address": "ann@example.com"}).status_code == 403
