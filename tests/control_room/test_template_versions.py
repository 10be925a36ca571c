"""Versions of templates: kept for each change, compared, restored, found by a moment."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from channels.models import Template, TemplateVersion
from channels.template_versions import version_at
from channels.templates import create_template
from contacts.channel import Channel
from contacts.models import Organization
from distributor.control_room.templates_editor.versions import differences
from distributor.engine.infrastructure.clock import database_now
from tests.support.operators import member, signed_in
from tests.support.template_editor import ENGLISH, draft, editor


@pytest.fixture
def olga(organization: Organization) -> Client:
    """An operator of ACME."""
    return signed_in(member(organization, "operator", "olga"))


@pytest.fixture
def email(organization: Organization) -> Template:
    return create_template(organization, "Invitation", "email", {"en": ENGLISH}, saved_by="setup")


def test_versions_are_compared_and_restored(olga: Client, email: Template) -> None:
    olga.post(editor(email), draft(email, subject="Second"))
    olga.post(editor(email), draft(email, locale="pl", subject="Trzecia"))
    page = olga.get(reverse("room-template-version", args=[email.pk, 2])).content.decode()
    assert "<del>Your stay</del>" in page
    assert "<ins>Second</ins>" in page
    assert "pl: subject" in page
    assert olga.post(reverse("room-template-version", args=[email.pk, 1])).status_code == 302
    assert [(variant.locale, variant.subject) for variant in email.variants.all()] == [("en", "Your stay")]
    restored = email.versions.first()
    assert restored is not None
    assert (restored.number, restored.restored_from, restored.saved_by) == (4, 1, "olga")
    assert "as version 1" in olga.get(reverse("room-template-versions", args=[email.pk])).content.decode()
    assert olga.get(reverse("room-template-version", args=[email.pk, 9])).status_code == 404


def test_the_version_of_a_moment_is_found(olga: Client, organization: Organization) -> None:
    template = Template.objects.create(organization=organization, name="Old", channel="sms")
    now = database_now()
    first, second = (
        TemplateVersion.objects.create(template=template, number=number, texts={}, saved_at=now - timedelta(days=days))
        for number, days in ((1, 2), (2, 0))
    )
    assert version_at(template.pk, now - timedelta(days=1)) == first
    assert version_at(template.pk, now) == second
    assert version_at(template.pk, now - timedelta(days=3)) is None
    place = reverse("room-template-versions", args=[template.pk])
    moment = (now - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S")
    assert olga.get(place, {"at": moment})["Location"].endswith("/versions/1/")
    for nonsense in ("yesterday", "0001-01-01T00:00"):
        assert "There is no version of that moment." in olga.get(place, {"at": nonsense}).content.decode()


def test_a_version_is_never_changed(email: Template) -> None:
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        email.versions.update(texts={})
    email.delete()
    assert not TemplateVersion.objects.exists()


def test_changes_by_the_api_and_the_tables_are_versions_too(
    client: Client, organization: Organization, email: Template, templates: dict[Channel, Template]
) -> None:
    changes = {"variants": {"en": {"subject": "By the API", "text": "${link}"}}}
    answer = client.patch(f"/api/v1/templates/{email.pk}", changes, content_type="application/json")
    assert answer.status_code == 200
    latest = email.versions.first()
    assert latest is not None
    assert (latest.texts["en"]["subject"], latest.saved_by[:5]) == ("By the API", "tests")
    # A template without a version, as tests make it: what it said before is kept with the first change.
    old = templates[Channel.SMS]
    client.patch(f"/api/v1/templates/{old.pk}", {"variants": {"pl": None}}, content_type="application/json")
    assert [sorted(version.texts) for version in old.versions.all()] == [["en"], ["en", "pl"]]
    assert [version.saved_by[:5] for version in old.versions.all()] == ["tests", ""]


def test_long_comparisons_are_bounded() -> None:
    before = {"en": {"text": "a\nb\n" * 2_000}}
    [found] = differences(before, {"en": {"text": "b\na\n" * 2_000}})
    assert len(found.lines) == 8_000
