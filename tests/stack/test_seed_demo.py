"""`manage.py seed_demo`, which each start of the stack runs, seeds once."""

import json
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db.models import Model

from channels.models import ProviderAccount, Template, TemplateVariant
from contacts.api_keys import find_api_key, revoke_api_keys
from contacts.models import Contact, MailingList, Membership, Organization, Suppression
from contacts.models.api_key import ApiKey
from distributor.engine.infrastructure.clock import database_now
from distributor.models import ConnectionStep, Distribution, Installation, ListConnection, Survey

pytestmark = pytest.mark.django_db

KEY, OTHER_KEY = "dk_12345678_" + "a" * 28, "dk_87654321_" + "b" * 28
NAMED: tuple[type[Model], ...] = (Organization, Survey, ProviderAccount, Template, MailingList, ApiKey)
SEEDED: tuple[type[Model], ...] = (
    *NAMED,
    *(TemplateVariant, ListConnection, ConnectionStep, Contact, Membership, Suppression),
    get_user_model(),
)


def seed(api_key: str = KEY, admin_password: str = "first-password") -> dict[str, Any]:
    written = StringIO()
    call_command("seed_demo", api_key=api_key, admin_password=admin_password, stdout=written)
    seeded: dict[str, Any] = json.loads(written.getvalue())
    return seeded


def rows() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table that the command writes to. (Encrypting the same credentials gives other bytes.)"""
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in SEEDED}


def rename_everything() -> None:
    for model in NAMED:
        model._default_manager.update(name="Renamed")
    Organization.objects.update(slug="renamed")
    get_user_model().objects.update(username="renamed")


def add_twins() -> None:
    for model in (Survey, ProviderAccount, Template, MailingList):
        for row in list(model._default_manager.all()):
            row.pk, row._state.adding = None, True
            row.pk = type(row)().pk
            if hasattr(row, "is_default"):
                row.is_default = False
            row.save()


def test_a_second_start_changes_nothing() -> None:
    first, before = seed(), rows()
    assert all(before.values())
    assert seed() == first
    assert rows() == before


def test_the_demo_has_a_contact_on_a_list_and_a_suppression_and_has_sent_nothing() -> None:
    seed()
    member = Membership.objects.select_related("contact", "mailing_list").get()
    assert (member.contact.email, member.mailing_list.name) == ("ann@example.com", "Ward B")
    assert Suppression.objects.get().address == "gone@example.com"
    assert not Distribution.objects.exists()


def test_nothing_is_made_again_after_everything_was_renamed_and_copied_and_one_deleted() -> None:
    first = seed()
    rename_everything()
    add_twins()
    ConnectionStep.objects.all().delete()
    ListConnection.objects.all().delete()
    Template.objects.get(pk=first["templates"]["email"]).delete()
    Survey.objects.get(pk=first["surveyId"]).delete()
    before = rows()
    assert seed() == first
    assert rows() == before


def test_a_deleted_organisation_stays_deleted() -> None:
    first = seed()
    ConnectionStep.objects.all().delete()
    ListConnection.objects.all().delete()
    Organization.objects.all().delete()
    before = rows()
    assert seed() == first
    assert seed(OTHER_KEY) == first | {"apiKey": OTHER_KEY}
    assert rows()["Organization"] == before["Organization"] == []


def test_a_changed_password_and_a_revoked_key_stay_so() -> None:
    seed()
    user = get_user_model().objects.get()
    user.set_password("second-password")
    user.save()
    revoke_api_keys(ApiKey.objects.all(), database_now())
    before = rows()
    seed()
    assert rows() == before


def test_a_new_data_folder_on_the_same_database_gets_its_own_key_and_password_and_nothing_else() -> None:
    first, before = seed(), rows()
    second = seed(OTHER_KEY, "second-password")
    assert second == first | {"apiKey": OTHER_KEY, "adminPassword": "second-password"}
    assert get_user_model().objects.get().check_password("second-password")
    assert find_api_key(OTHER_KEY, database_now()) is not None
    after = rows()
    assert len(after["ApiKey"]) == 2
    unchanged = [model.__name__ for model in SEEDED if model not in (ApiKey, get_user_model())]
    assert {name: after[name] for name in unchanged} == {name: before[name] for name in unchanged}


def test_a_demo_of_an_earlier_version_is_taken_over_with_whatever_it_has_become() -> None:
    first = seed()
    Installation.objects.update(demo=None)
    for model in NAMED:
        model._default_manager.update(name="Renamed")
    add_twins()
    before = rows()
    assert seed() == first
    assert rows() == before
    Template.objects.filter(pk=first["templates"]["sms"]).update(name="Once more")
    assert seed() == first


def test_what_an_earlier_version_lacks_is_made_beside_the_organisations_own_defaults() -> None:
    organization = Organization.objects.create(name="Demo", slug="demo")
    own = ProviderAccount.objects.create(
        organization=organization, name="Own", kind="smtp", channel="email", is_default=True
    )
    seeded = seed()
    assert ProviderAccount.objects.filter(channel="email", is_default=True).get() == own
    assert seeded["providers"]["email"] != str(own.pk)
