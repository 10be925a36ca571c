import pytest
from django.test import Client

from distributor.models import Distribution, Recipient, Response
from tests.support.admin_pages import act, address, listed
from tests.support.engine.people import run_retries


def test_a_recipient_is_found_by_code_address_and_ids(operator: Client, anna: Recipient) -> None:
    for text in (anna.code, f" {anna.code} ", "ANNA@example.com", "anna", str(anna.contact_id)):
        assert listed(operator, Recipient, q=text) == [anna]


@pytest.mark.parametrize("text", ["ann", "abcdefghijkl", "nobody@example.com", "' OR 1=1 --"])
def test_parts_and_strangers_find_nobody(operator: Client, anna: Recipient, text: str) -> None:
    assert listed(operator, Recipient, q=text) == []


def test_the_state_filter_is_shown_within_one_distribution_only(operator: Client, distribution: Distribution) -> None:
    assert len(listed(operator, Recipient, state="failed")) == 3
    page = operator.get(address(Recipient, "changelist")).content.decode()
    assert "By state" not in page


def test_a_response_is_found_like_its_recipient(operator: Client, anna: Recipient, response: Response) -> None:
    for text in (anna.code, "anna@example.com", "anna"):
        assert listed(operator, Response, q=text) == [response]
    assert listed(operator, Response, q="bob") == []
    assert "Kind people" in operator.get(address(response, "change")).content.decode()


def test_selected_recipients_are_sent_to_again_if_they_failed(
    operator: Client, anna: Recipient, distribution: Distribution
) -> None:
    bob = Recipient.objects.get(contact__external_id="bob")
    assert "sending again to 1 recipient." in act(operator, "retry_selected", anna, bob)
    run_retries()
    assert dict(Recipient.objects.values_list("contact__external_id", "state")) == {
        "anna": "finished",
        "bob": "waiting",
        "carla": "waiting",
    }
