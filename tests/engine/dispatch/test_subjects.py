"""What an e-mail is about: the template's subject, the distribution's own, or the recipient's own."""

import pytest

from channels.models import SandboxMessage
from distributor.rules.requests import NO_OPTIONS, RecipientOptions
from distributor.rules.wording import Wording
from tests.engine.conftest import Send
from tests.support.engine.people import dispatch

pytestmark = pytest.mark.django_db


def subjects() -> dict[str, str]:
    return dict(SandboxMessage.objects.values_list("to", "subject"))


def test_a_distribution_says_its_own_subject_with_placeholders_filled(send: Send) -> None:
    send(2, subject="${contact:firstName|You}, how was it?")
    dispatch()
    assert subjects() == {
        "person0@example.com": "Person 0, how was it?",
        "person1@example.com": "Person 1, how was it?",
    }


def test_a_recipients_own_subject_comes_before_the_distributions(send: Send) -> None:
    options = [RecipientOptions(wording=Wording(subject="For you, ${link}")), NO_OPTIONS]
    send(2, subject="For all", options=options)
    dispatch()
    assert subjects() == {"person0@example.com": "For you, ${link}", "person1@example.com": "For all"}


def test_without_one_the_templates_holds(send: Send) -> None:
    send(1)
    dispatch()
    assert subjects() == {"person0@example.com": "Your stay"}
