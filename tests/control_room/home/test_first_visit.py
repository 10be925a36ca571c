"""The first steps, and the sample that they send."""

from django.test import Client

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Organization
from distributor.models import (
    AuditEntry,
    Distribution,
    Recipient,
    Survey,
)
from tests.control_room.home.conftest import page_of
from tests.support.operators import member, signed_in


def test_a_first_visit_shows_a_checklist_that_sends_the_sample(
    operator: Client, survey: Survey, email: ProviderAccount, templates: dict[Channel, Template]
) -> None:
    page = page_of(operator)
    assert "First steps" in page
    assert 'id="minutes"' not in page
    assert "curl http" in page
    answer = operator.post("/admin/sample/", follow=True)
    assert "The sample to ann@example.com is on its way" in answer.content.decode()
    recipient = Recipient.objects.select_related("contact").get()
    assert recipient.contact.email == "ann@example.com"
    assert AuditEntry.objects.filter(action="created", object_id=str(recipient.distribution_id)).exists()
    page = page_of(operator)
    assert "First steps" in page  # until something real is sent
    assert 'id="minutes"' in page
    operator.post("/admin/sample/", {"email": "Me@Example.com"})
    assert Recipient.objects.filter(contact__email__iexact="me@example.com").exists()
    answer = operator.post("/admin/sample/", {"email": "nonsense"}, follow=True)
    assert "Enter an e-mail address" in answer.content.decode()


def test_a_viewer_sends_no_sample(
    organization: Organization, survey: Survey, email: ProviderAccount, templates: dict[Channel, Template]
) -> None:
    viewer = signed_in(member(organization, "viewer", "victor"))
    assert viewer.post("/admin/sample/").status_code == 403
    assert not Distribution.objects.exists()


def test_without_anything_the_checklist_says_what_is_missing(operator: Client) -> None:
    assert "/admin/distributor/survey/add/" in page_of(operator)
    answer = operator.post("/admin/sample/", follow=True)
    assert "A sample needs a survey" in answer.content.decode()
