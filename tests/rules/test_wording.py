import pytest

from distributor.rules.wording import NO_WORDING, Thanks, Wording, read_wording, thanks_for

SURVEY = Thanks("Thank you", "Our shop", "https://shop.example")


@pytest.mark.parametrize(
    "wording", [Wording(), Wording(subject="Hi"), Wording("Hi", "A word", "Thanks", "Back", "https://app.example")]
)
def test_stored_wording_is_read_back(wording: Wording) -> None:
    assert read_wording(wording.as_stored()) == wording


def test_only_given_texts_are_stored() -> None:
    assert Wording(intro="A word").as_stored() == {"intro": "A word"}
    assert read_wording(None) is NO_WORDING


@pytest.mark.parametrize(
    ("own", "read"),
    [
        (Wording(), SURVEY),
        (Wording(thank_you_message="Ta"), Thanks("Ta", "Our shop", "https://shop.example")),
        (Wording(thank_you_link_text="Back"), Thanks("Thank you", "Back", "https://shop.example")),
        (
            Wording(thank_you_link_text="Back", thank_you_link_url="https://app.example"),
            Thanks("Thank you", "Back", "https://app.example"),
        ),
        # A button that says “Our shop” and leads elsewhere would be a lie.
        (Wording(thank_you_link_url="https://app.example"), Thanks("Thank you", "", "https://app.example")),
    ],
)
def test_own_thanks_replace_the_surveys(own: Wording, read: Thanks) -> None:
    assert thanks_for(own, SURVEY) == read
