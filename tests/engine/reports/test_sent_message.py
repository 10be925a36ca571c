"""A message is read as it was sent, whatever became of its template and of the contact."""

import pytest

from channels.models import KeptText, SandboxMessage, Template, TemplateVariant
from channels.templates import change_template
from contacts.channel import Channel
from contacts.models import Contact
from distributor.engine.consent.erase import erase_contact
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.reports.sent_message import SentMessage, read_sent_messages
from distributor.engine.reports.timeline import timelines_of
from distributor.models import Attempt, Recipient, Survey
from tests.engine.conftest import Send
from tests.support.engine.people import dispatch, given

pytestmark = pytest.mark.django_db
TEXTS = {
    "subject": "${survey:name}, ${contact:firstName|you}?",
    "html": '<p>${contact:ward|?} ${contact:name}: <a href="${link}">go</a> <a href="${unsubscribe}">no</a></p>',
    "text": "${intro|Hello} ${contact:name} ${contact:bed}\n${link}\n${unsubscribe}",
}
PERSON = {"first_name": "Zoë <b>", "last_name": "Nowak", "embedded_data": {"ward": "A & E"}}


def read(recipient: Recipient | None = None) -> dict[int, SentMessage]:
    recipient = recipient or Recipient.objects.select_related("contact").get()
    timeline = timelines_of([recipient])[0]
    return read_sent_messages(recipient, timeline.attempts, timeline.steps)


def as_received() -> list[tuple[str, str, str]]:
    return list(SandboxMessage.objects.order_by("id").values_list("subject", "html", "text"))


def shown() -> list[tuple[str, str, str]]:
    return [(message.subject, message.html, message.text) for message in read().values()]


@pytest.fixture
def texts(templates: dict[Channel, Template]) -> Template:
    """The e-mail template in two languages."""
    template = templates[Channel.EMAIL]
    change_template(
        template.pk, {}, {"en": TEXTS, "pl": TEXTS | {"text": "Dzień dobry ${contact:name} ${link}"}}, saved_by="olga"
    )
    return template


@pytest.mark.parametrize("locale", ["en", "pl"])
def test_a_message_is_shown_as_it_was_received(texts: Template, survey: Survey, send: Send, locale: str) -> None:
    send([given(0, **PERSON, locale=locale)])  # type: ignore[arg-type]
    dispatch()
    received = as_received()
    assert "Zoë &lt;b&gt; Nowak" in received[0][1]
    TemplateVariant.objects.update(subject="New", html="New", text="New")
    change_template(texts.pk, {}, {"pl": None}, saved_by="olga")
    Contact.objects.update(first_name="Other", last_name="Name", locale="de", embedded_data={"ward": "C", "bed": 4})
    Survey.objects.filter(pk=survey.pk).update(name="Renamed")
    assert shown() == received
    assert read()[1].locale == locale


def test_people_of_one_hand_over_may_read_different_languages(texts: Template, send: Send) -> None:
    send([given(number, locale=locale) for number, locale in enumerate(["en", "pl", "en"])])
    dispatch()
    received = dict(SandboxMessage.objects.values_list("to", "text"))
    for recipient in Recipient.objects.select_related("contact"):
        assert read(recipient)[1].text == received[recipient.contact.email]
    assert len(set(Attempt.objects.values_list("text_key", flat=True))) == 2


def test_a_steps_own_subject_is_part_of_it(texts: Template, send: Send) -> None:
    send([given(0, **PERSON)], subject="Dear ${contact:lastName}")  # type: ignore[arg-type]
    dispatch()
    Contact.objects.update(last_name="Other")
    assert shown() == as_received()
    assert shown()[0][0] == "Dear Nowak"


def test_an_sms_has_a_text_only(send: Send) -> None:
    send(1, Channel.SMS)
    dispatch()
    [(_, _, text)] = as_received()
    assert shown() == [("", "", text)]


def test_texts_are_kept_once_for_all_messages(texts: Template, send: Send) -> None:
    send(3)
    send(2)
    dispatch()
    [key] = set(Attempt.objects.values_list("text_key", flat=True))
    assert key is not None
    assert KeptText.objects.filter(pk=key, template=texts, locale="en").count() == 1


def test_of_an_erased_person_and_of_older_attempts_nothing_is_shown(texts: Template, send: Send) -> None:
    send([given(0, **PERSON)])  # type: ignore[arg-type]
    dispatch()
    Attempt.objects.update(text_key=None)
    assert read() == {}
    Attempt.objects.update(text_key=KeptText.objects.latest("kept_at").pk)
    assert read() != {}
    erase_contact(Contact.objects.get().pk, database_now())
    assert (read(), Attempt.objects.get().piped_values) == ({}, None)
