import pytest
from django.test import Client

from contacts.channel import Channel
from contacts.models import Contact, Suppression
from tests.support.journeys import make_journey, make_sent_journey

ONE_CLICK = "List-Unsubscribe=One-Click"
FORM = "application/x-www-form-urlencoded"
pytestmark = pytest.mark.django_db


def has_opted_out(contact: Contact) -> bool:
    return Contact.objects.filter(pk=contact.pk, opted_out_at__isnull=False).exists()


@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_the_page_unsubscribes_nobody(visitor: Client, method: str) -> None:
    recipient = make_sent_journey()
    answer = getattr(visitor, method)(f"/u/{recipient.code}?List-Unsubscribe=One-Click")
    assert answer.status_code == 200
    assert not has_opted_out(recipient.contact)
    recipient.refresh_from_db()
    assert recipient.first_opened_at is None


def test_the_pages_button_unsubscribes_from_every_channel(visitor: Client) -> None:
    recipient = make_sent_journey(channel=Channel.SMS)
    page = visitor.get(f"/u/{recipient.code}").content.decode()
    assert '<form method="post">' in page
    answer = visitor.post(f"/u/{recipient.code}")
    assert answer.status_code == 200
    assert "You will not receive any more surveys" in answer.content.decode()
    assert has_opted_out(recipient.contact)
    assert set(Suppression.objects.values_list("channel", flat=True)) == {"email", "sms", "whatsapp"}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (ONE_CLICK, FORM),
        (
            '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
        ),
    ],
)
def test_one_click_as_rfc_8058_says(visitor: Client, body: str, content_type: str) -> None:
    """RFC 8058 §3.2: one POST in either form encoding, without cookies, other credentials or a redirect."""
    recipient = make_sent_journey()
    answer = visitor.post(f"/u/{recipient.code}", body, content_type=content_type)
    assert answer.status_code == 200
    assert "Location" not in answer
    assert not answer.cookies
    assert has_opted_out(recipient.contact)
    assert Suppression.objects.get(channel="email").source == "one-click"


def test_one_click_from_another_site_and_again_still_works(visitor: Client) -> None:
    recipient = make_sent_journey()
    for _ in range(2):
        answer = visitor.post(
            f"/u/{recipient.code}", ONE_CLICK, content_type=FORM, headers={"origin": "https://mail.example"}
        )
        assert answer.status_code == 200
    assert Suppression.objects.count() == 3  # an e-mail address, and a number for SMS and WhatsApp


def test_the_page_says_if_the_person_is_already_unsubscribed(visitor: Client) -> None:
    recipient = make_sent_journey()
    visitor.post(f"/u/{recipient.code}")
    page = visitor.get(f"/u/{recipient.code}").content.decode()
    assert "You will not receive any more surveys" in page
    assert "<form" not in page


def test_a_used_link_still_unsubscribes(visitor: Client) -> None:
    recipient = make_sent_journey()
    visitor.post(f"/p/{recipient.code}", {"score": "3"})
    assert visitor.post(f"/u/{recipient.code}").status_code == 200
    assert has_opted_out(recipient.contact)


def test_people_who_opted_out_may_still_answer(visitor: Client) -> None:
    recipient = make_journey()
    visitor.post(f"/u/{recipient.code}")
    assert visitor.post(f"/p/{recipient.code}", {"score": "3"}).status_code == 303
