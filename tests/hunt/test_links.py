"""Links as programs and people pass them on, and machines that open them."""

from datetime import timedelta
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from django.test import Client

from contacts.models import Contact
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.reports.timeline import timelines_of
from distributor.models import MachineVisits, Recipient, Response
from distributor.pages.visitors import sign_moment
from distributor.rules.link_codes import read_code
from tests.support.journeys import counts_of, make_sent_journey

pytestmark = pytest.mark.django_db
CODE = "Xk3vQ9bTz1Lm"
FULL_WIDTH = "".join(chr(ord(letter) + 0xFEE0) for letter in CODE)
# What stands after a link in running text (RFC 3986 appendix C: delimiters; appendix E: white space), in HTML, in
# Markdown, and in texts in Japanese or Arabic, where no blank follows.
LEFT_BEHIND = [
    ".", ",", ";", ":", "!", "?x", ")", "]", "}", ">", '"', "'", "”", "’", "»", "…", "。", "、", "）", "」", "．", " ",
    "\n", "\r\n", "\t", "\u00a0", "\u3000", "\u200b", "\ufeff", "\u2060", "\u200e", "\u00ad", ").", '">here',
    "&amp;x=1", "%20", "*", "_", "~", "|", "\\", "=", "です", "/", "/.", "/)", "/ ", "/\n",
]  # fmt: skip
# Each name as its vendor writes it.
MACHINES = [
    "WhatsApp/2.23.20.0",  # https://developers.facebook.com/docs/sharing/webmasters/web-crawlers
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",  # https://api.slack.com/robots
    "Slack-ImgProxy (+https://api.slack.com/robots)",
    "Twitterbot/1.0",  # https://developer.x.com/en/docs/x-for-websites/cards/guides/getting-started
    "TelegramBot (like TwitterBot)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0) BingPreview/1.0b",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) facebookexternalhit/1.1 Facebot Twitterbot/1.0",  # iMessage
    "Mozilla/5.0 (compatible; Barracuda Sentinel (EE))",
    "curl/8.5.0",
    "Wget/1.21.4",
    "python-requests/2.32.3",
    "Go-http-client/2.0",
    "Java/17.0.9",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
]
PEOPLE = [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Linux; Android 14; CUBOT KINGKONG 9) AppleWebKit/537.36 Chrome/142.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Mobile/15E148 [FBAN/FBIOS;FBAV/520.0.0.38.101]",
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36 Telegram-Android/11.4",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Mobile/15E148 Instagram 350.0.0",
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36 Line/14.19.1/IAB",
    "",
]
PREFETCHES = [
    {"Sec-Purpose": "prefetch"},  # https://wicg.github.io/nav-speculation/prefetch.html
    {"Sec-Purpose": "prefetch;prerender"},
    {"Sec-Purpose": "prefetch;anonymous-client-ip"},
    {"Purpose": "prefetch"},
    {"X-Moz": "prefetch"},
    {"X-Purpose": "preview"},
]


class _Fields(HTMLParser):
    """The hidden fields of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag == "input" and known.get("type") == "hidden":
            self.values[str(known["name"])] = str(known["value"])


def form_of(client: Client, path: str) -> dict[str, str]:
    return _Fields(client.get(path).content.decode()).values


def has_opted_out(recipient: Recipient) -> bool:
    return Contact.objects.filter(pk=recipient.contact_id, opted_out_at__isnull=False).exists()


def is_opened(recipient: Recipient) -> bool:
    return Recipient.objects.filter(pk=recipient.pk, first_opened_at__isnull=False).exists()


@pytest.mark.parametrize("after", LEFT_BEHIND)
def test_what_stands_beside_a_link_is_no_part_of_it(client: Client, after: str) -> None:
    recipient = make_sent_journey()
    tail = quote(after, safe="/?=&;")
    assert client.get(f"/p/{recipient.code}{tail}").status_code == 200
    assert is_opened(recipient)
    page = client.get(f"/u/{recipient.code}{tail}")
    assert (page.status_code, "Stop sending me surveys" in page.content.decode()) == (200, True)


@pytest.mark.parametrize(
    "text",
    [f"<{CODE}>", f"“{CODE}”", f"{CODE[:4]}\u200b{CODE[4:]}", f"{CODE[:9]}\u00ad{CODE[9:]}", FULL_WIDTH, f" {CODE}"],
)
def test_a_code_is_found_in_what_surrounds_and_disguises_it(text: str) -> None:
    assert read_code(text) == CODE


@pytest.mark.parametrize(
    "text", ["", CODE[:11], f"{CODE}A", f"{CODE}9.", f"A{CODE}", f"{CODE[:6]}.{CODE[6:]}", "\0" * 12]
)
def test_another_code_is_not_made_of_one(text: str) -> None:
    assert read_code(text) == text


def test_no_log_line_holds_a_code_with_a_tail(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        for path in (f"/p/%20{CODE}.", f"/u/{CODE}%0A", f"/p/{CODE[:4]}%E2%80%8B{CODE[4:]}", f"/p//{CODE}"):
            client.get(path)
    lines = [f"{record.msg} {record.args}" for record in caplog.records]
    assert lines
    assert not any(part in line for line in lines for part in (CODE[:4], CODE[4:]))


@pytest.mark.parametrize("agent", MACHINES)
def test_a_preview_or_scanner_opens_nothing_and_is_counted(client: Client, agent: str) -> None:
    recipient = make_sent_journey()
    for path in (f"/p/{recipient.code}", f"/u/{recipient.code}"):
        assert client.get(path, headers={"user-agent": agent}).status_code == 200
    client.post(f"/u/{recipient.code}", headers={"user-agent": agent})
    client.post(f"/p/{recipient.code}", {"score": "9"}, headers={"user-agent": agent})
    assert (is_opened(recipient), has_opted_out(recipient), counts_of(recipient)) == (False, False, {"sent": 1})
    assert not Response.objects.exists()
    visits = MachineVisits.objects.get()
    assert (visits.recipient_id, visits.count, visits.sign) == (recipient.pk, 4, "user-agent")


@pytest.mark.parametrize("agent", PEOPLE)
def test_a_persons_browser_opens_the_link(client: Client, agent: str) -> None:
    recipient = make_sent_journey()
    client.get(f"/p/{recipient.code}", headers={"user-agent": agent})
    assert is_opened(recipient)
    assert not MachineVisits.objects.exists()


@pytest.mark.parametrize("headers", PREFETCHES)
def test_a_page_that_is_loaded_ahead_is_not_opened(client: Client, headers: dict[str, str]) -> None:
    recipient = make_sent_journey()
    client.get(f"/p/{recipient.code}", headers=headers)
    assert not is_opened(recipient)
    assert MachineVisits.objects.get().sign == "prefetch"
    client.get(f"/p/{recipient.code}")
    assert is_opened(recipient)


def test_a_head_is_counted_and_shown_in_the_timeline(client: Client) -> None:
    recipient = make_sent_journey()
    for _ in range(3):
        client.head(f"/p/{recipient.code}")
    assert not is_opened(recipient)
    events = [(event.kind, event.detail) for event in timelines_of([recipient])[0].events]
    assert ("visited_by_machine", "3 visits, the last recognised by head") in events


@pytest.mark.parametrize("with_the_forms_fields", [True, False])
def test_a_scanner_that_opens_and_presses_at_once_unsubscribes_nobody(
    client: Client, with_the_forms_fields: bool
) -> None:
    recipient = make_sent_journey()
    path = f"/u/{recipient.code}"
    for _ in range(3):
        fields = form_of(client, path)
        answer = client.post(path, fields if with_the_forms_fields else {})
        assert "Please press the button once more to confirm." in answer.content.decode()
    assert not has_opted_out(recipient)
    assert MachineVisits.objects.get().sign == "too-fast"


@pytest.mark.parametrize(("seconds", "is_done"), [(0.0, False), (1.0, False), (2.1, True), (3_600.0, True)])
def test_without_a_browsers_word_two_seconds_make_a_person(client: Client, seconds: float, is_done: bool) -> None:
    recipient = make_sent_journey()
    shown = sign_moment(recipient.code, database_now() - timedelta(seconds=seconds))
    client.post(f"/u/{recipient.code}", {"shown": shown})
    assert has_opted_out(recipient) is is_done


def test_whoever_was_asked_again_is_not_asked_twice(client: Client) -> None:
    recipient = make_sent_journey()
    path = f"/u/{recipient.code}"
    shown = sign_moment(recipient.code, database_now() - timedelta(seconds=1.5))
    confirmation = _Fields(client.post(path, {"shown": shown}).content.decode()).values
    assert confirmation["shown"].partition(":")[0] == recipient.code
    client.post(path, {"shown": sign_moment(recipient.code, database_now() - timedelta(seconds=2))})
    assert has_opted_out(recipient)


def test_a_browser_that_says_that_a_person_pressed_is_believed(client: Client) -> None:
    """https://www.w3.org/TR/fetch-metadata/#sec-fetch-user-header"""
    recipient = make_sent_journey()
    client.post(f"/u/{recipient.code}", form_of(client, f"/u/{recipient.code}"), headers={"Sec-Fetch-User": "?1"})
    assert has_opted_out(recipient)


@pytest.mark.parametrize("shown", ["", "x", "2020-01-01", f"{CODE}:0", f"{CODE}:0:forged", "\0"])
def test_a_moment_that_we_did_not_sign_counts_for_nothing(client: Client, shown: str) -> None:
    recipient, other = make_sent_journey(), make_sent_journey()
    for value in (shown, sign_moment(other.code, database_now() - timedelta(hours=1))):
        client.post(f"/u/{recipient.code}", {"shown": value})
    assert not has_opted_out(recipient)


@pytest.mark.parametrize(
    "agent", ["", "curl/8.5.0", "Mozilla/5.0 (compatible; YahooMailProxy; https://help.yahoo.com)"]
)
def test_one_click_is_immediate_whoever_sends_it(client: Client, agent: str) -> None:
    """RFC 8058 §3.2: the POST is sent by a machine, and must be honoured."""
    recipient = make_sent_journey()
    headers = {"user-agent": agent}
    client.post(f"/u/{recipient.code}", {"List-Unsubscribe": "One-Click"}, headers=headers)
    assert has_opted_out(recipient)


def test_a_scanner_that_fills_the_form_at_once_answers_nothing(client: Client) -> None:
    recipient = make_sent_journey()
    path = f"/p/{recipient.code}"
    page = client.post(path, {"score": "9", "comment": "kept", **form_of(client, path)}).content.decode()
    assert not Response.objects.exists()
    assert "Please press the button once more to send your answer." in page
    assert all(text in page for text in ("kept", 'value="9" id="id_score_9" checked'))
    shown = sign_moment(recipient.code, database_now() - timedelta(seconds=3))
    assert client.post(path, {"score": "9", "shown": shown}).status_code == 303
