from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from distributor.models import Response, Survey
from tests.support.journeys import counts_of, make_journey, make_organization, make_sent_journey, make_survey

pytestmark = pytest.mark.django_db
NAMES_TO_KEEP = ("Jasna Clinic", "After your visit")
CLOSED: list[tuple[dict[str, Any], str]] = [
    ({"responded_at": timezone.now()}, "This survey has been answered"),
    ({"expires_at": timezone.now() - timedelta(seconds=1)}, "This survey has ended"),
    ({"state": "stopped", "reason": "cancelled", "counts": {"stopped_count": 1}}, "This survey has been withdrawn"),
]


def external_survey() -> Survey:
    organization = make_organization(allowed_redirect_hosts=["survey.example.com"])
    return make_survey(organization, target_url="https://survey.example.com/s/7?lang=pl#top")


def test_a_link_shows_the_built_in_question(visitor: Client) -> None:
    survey = make_survey(question="Was the <b>waiting time</b> acceptable?")
    answer = visitor.get(f"/p/{make_sent_journey(survey).code}")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "Was the &lt;b&gt;waiting time&lt;/b&gt; acceptable?" in page
    assert all(name in page for name in NAMES_TO_KEEP)
    assert [f'value="{score}"' in page for score in range(12)] == [True] * 11 + [False]


def test_the_first_visit_is_recorded_and_the_link_stays_open(visitor: Client) -> None:
    recipient = make_sent_journey()
    for _ in range(3):
        assert visitor.get(f"/p/{recipient.code}").status_code == 200
    recipient.refresh_from_db()
    assert recipient.first_opened_at is not None
    assert recipient.responded_at is None
    assert counts_of(recipient) == {"sent": 1, "opened": 1}


def test_head_answers_like_get_and_records_nothing(visitor: Client) -> None:
    recipient = make_sent_journey()
    answer = visitor.head(f"/p/{recipient.code}")
    assert (answer.status_code, answer.content) == (200, b"")
    recipient.refresh_from_db()
    assert recipient.first_opened_at is None
    assert counts_of(recipient) == {"sent": 1}


def test_an_external_survey_is_redirected_to_with_the_code(visitor: Client) -> None:
    recipient = make_sent_journey(external_survey())
    target = f"https://survey.example.com/s/7?lang=pl&code={recipient.code}#top"
    for answer in (visitor.head(f"/p/{recipient.code}"), visitor.get(f"/p/{recipient.code}")):
        assert (answer.status_code, answer["Location"]) == (302, target)
    assert counts_of(recipient) == {"sent": 1, "opened": 1}


def test_a_host_that_is_not_allowed_is_not_redirected_to_and_the_link_stays_valid(visitor: Client) -> None:
    survey = external_survey()
    survey.organization.allowed_redirect_hosts = ["other.example.com"]
    survey.organization.save()
    recipient = make_sent_journey(survey)
    answer = visitor.get(f"/p/{recipient.code}")
    assert answer.status_code == 503
    assert "not available right now" in answer.content.decode()
    assert "Location" not in answer
    survey.organization.allowed_redirect_hosts = ["survey.example.com"]
    survey.organization.save()
    assert visitor.get(f"/p/{recipient.code}").status_code == 302


def test_the_built_in_form_is_refused_for_an_external_survey(visitor: Client) -> None:
    recipient = make_sent_journey(external_survey())
    answer = visitor.post(f"/p/{recipient.code}", {"score": "9"})
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert not Response.objects.exists()


def test_an_answer_is_stored_and_leads_to_the_thanks(visitor: Client) -> None:
    recipient = make_sent_journey()
    answer = visitor.post(f"/p/{recipient.code}", {"score": "0", "comment": "  Dobra opieka\r\ni <b>herbata</b> ☕ "})
    assert (answer.status_code, answer["Location"]) == (303, f"/p/{recipient.code}/thanks")
    stored = Response.objects.get()
    assert stored.answers == {"score": 0, "comment": "Dobra opieka\ni <b>herbata</b> ☕"}
    assert stored.recipient == recipient
    assert counts_of(recipient) == {"sent": 1, "opened": 1, "responded": 1}


def test_a_comment_may_stay_empty_and_may_be_5000_characters_long_however_lines_are_broken(visitor: Client) -> None:
    first, second = make_sent_journey(), make_sent_journey()
    assert visitor.post(f"/p/{first.code}", {"score": "10"}).status_code == 303
    assert visitor.post(f"/p/{second.code}", {"score": "10", "comment": "ż\r\n" * 2_499 + "żż"}).status_code == 303
    comments = [response.answers["comment"] for response in Response.objects.order_by("submitted_at")]
    assert [len(comment) for comment in comments] == [0, 5_000]


@pytest.mark.parametrize("score", [None, "", "-1", "11", "5.0", "07", "five", "٣", "9\0"])
def test_a_missing_or_wrong_score_is_reported_and_the_comment_is_kept(visitor: Client, score: str | None) -> None:
    recipient = make_sent_journey()
    given = {"comment": "<i>keep me</i>"} | ({} if score is None else {"score": score})
    answer = visitor.post(f"/p/{recipient.code}", given)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "Choose a number from 0 to 10." in page
    assert "&lt;i&gt;keep me&lt;/i&gt;" in page
    assert not Response.objects.exists()


@pytest.mark.parametrize(
    ("comment", "message"),
    [("x" * 5_001, "Write at most 5,000 characters."), ("a\0b", "Null characters are not allowed.")],
)
def test_an_invalid_comment_is_reported_and_the_score_is_kept(visitor: Client, comment: str, message: str) -> None:
    recipient = make_sent_journey()
    answer = visitor.post(f"/p/{recipient.code}", {"score": "7", "comment": comment})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert message in page
    assert 'value="7" id="id_score_7" checked' in page
    assert not Response.objects.exists()


@pytest.mark.parametrize("method", ["get", "head", "post"])
@pytest.mark.parametrize(("fields", "title"), CLOSED)
def test_a_closed_link_says_so_and_names_nobody(
    visitor: Client, method: str, fields: dict[str, Any], title: str
) -> None:
    recipient = make_journey(**fields)
    before = counts_of(recipient)
    answer = getattr(visitor, method)(f"/p/{recipient.code}", {"score": "5"})
    page = answer.content.decode()
    assert answer.status_code == 410
    assert method == "head" or title in page
    assert not any(name in page for name in NAMES_TO_KEEP)
    assert not Response.objects.exists()
    assert counts_of(recipient) == before


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    "path",
    [
        "/p/abcdefghijkl",
        "/p/abcdefghijkl/thanks",
        "/p/abc",
        "/p/",
        f"/p/{'a' * 64}",
        f"/p/{'a' * 2_000}",
        "/p/abcdefghijkl.",
        "/p/abc%00efghijkl",
        "/p/abc%C5%82defghijk",
        "/u/abcdefghijkl",
        "/u/abc%0Aefghijkl",
    ],
)
def test_unknown_and_mangled_codes_get_the_same_page(visitor: Client, method: str, path: str) -> None:
    make_sent_journey()
    answer = getattr(visitor, method)(path)
    if method == "post" and path.endswith("/thanks"):
        assert answer.status_code == 405
        return
    assert answer.status_code == 404
    assert answer.content == visitor.get("/p/000000000000").content


def test_a_trailing_slash_is_accepted(visitor: Client) -> None:
    assert visitor.get(f"/p/{make_sent_journey().code}/").status_code == 200


def test_the_thank_you_page_opens_any_number_of_times_after_an_answer(visitor: Client) -> None:
    survey = make_survey(
        thank_you_message="We read <every> word.\n\nSee you!",
        thank_you_link_text="Our <garden>",
        thank_you_link_url="https://clinic.example/?a=1&b=2",
    )
    recipient = make_sent_journey(survey)
    visitor.post(f"/p/{recipient.code}", {"score": "9"})
    for _ in range(2):
        answer = visitor.get(f"/p/{recipient.code}/thanks")
        page = answer.content.decode()
        assert answer.status_code == 200
        assert "<p>We read &lt;every&gt; word.</p>" in page
        assert 'href="https://clinic.example/?a=1&amp;b=2"' in page
        assert "Our &lt;garden&gt;" in page


def test_the_thank_you_page_has_a_default_text(visitor: Client) -> None:
    recipient = make_sent_journey(make_survey(thank_you_link_url="javascript:alert(1)"))
    visitor.post(f"/p/{recipient.code}", {"score": "9"})
    page = visitor.get(f"/p/{recipient.code}/thanks").content.decode()
    assert "Your answer has been recorded." in page
    assert "javascript:" not in page


def test_before_an_answer_the_thank_you_page_redirects_to_the_survey(visitor: Client) -> None:
    recipient = make_sent_journey()
    answer = visitor.get(f"/p/{recipient.code}/thanks")
    assert (answer.status_code, answer["Location"]) == (302, f"/p/{recipient.code}")
