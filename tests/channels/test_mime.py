"""E-mails as bytes, parsed by the standard library."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr

from hypothesis import given, settings
from hypothesis import strategies as st

from channels.providers.base import Message, Sender
from channels.providers.mime import compose_email
from channels.rendering import compile_variant, encode_subject
from tests.support.channels.invitations import EMAIL, SENDER, invitation

NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post",
    "MIME-Version", "Content-Type",
]  # fmt: skip
RAW = compile_variant("en", "${contact:x}", "${contact:x}", "${contact:x}")
# Line ends, NUL, text that looks encoded, quotes and long runs are frequent.
HOSTILE = st.one_of(
    st.text(),
    st.text(st.sampled_from('\r\n\0 .=?"\\<>,;:@ąあ🎈_-'), max_size=300),
    st.sampled_from(["a\r\nBcc: victim@example.com", "x\n\nbody", "=?utf-8?q?hidden?=", "." * 2000, "ł" * 500]),
)


def compose(message: Message) -> EmailMessage:
    content = compose_email(message, NOW)
    assert content.isascii()
    lines = content.split(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line or b"\0" in line or len(line) > 998 for line in lines)
    assert content.endswith(b"\r\n")
    return message_from_bytes(content, policy=default)


def part_text(email: EmailMessage, subtype: str) -> str:
    part = email.get_body((subtype,))
    assert part is not None
    return bytes(part.get_payload(decode=True)).decode()


def display_name(message: Message, header: str) -> str:
    """Remove spaces between a name's encoded words: the parser keeps them although RFC 2047 §6.2 forbids it."""
    raw = message_from_bytes(compose_email(message, NOW))[header]
    return str(make_header(decode_header(parseaddr(raw.replace("\r\n", ""))[0])))


def test_an_invitation_has_exactly_these_headers() -> None:
    email = compose(invitation("ann@example.com", number=12, to_name="Ann Lee"))
    assert email.keys() == HEADERS
    assert email["From"] == "ACME <surveys@acme.example>"
    assert email["To"] == "Ann Lee <ann@example.com>"
    assert email["Reply-To"] == "help@acme.example"
    assert email["Subject"] == "How was it, friend?"
    assert email["Date"].datetime == NOW
    assert email["Message-ID"] == "<12-1@acme.example>"
    assert email["List-Unsubscribe"] == "<https://surveys.example/u/abc>"
    assert email["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_the_text_part_comes_before_the_html_part() -> None:
    email = compose(invitation("ann@example.com"))
    assert email.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in email.iter_parts()] == ["text/plain", "text/html"]


def test_without_html_there_is_only_the_text() -> None:
    email = compose(invitation("ann@example.com", variant=compile_variant("en", "Hi", "", "Hello ${link}")))
    assert email.get_content_type() == "text/plain"
    assert part_text(email, "plain") == "Hello https://surveys.example/p/1\r\n"


def test_without_a_reply_address_and_an_unsubscribe_link_their_headers_are_left_out() -> None:
    email = compose(invitation("ann@example.com", sender=Sender("a@acme.example"), unsubscribe_url=""))
    assert email["From"] == "a@acme.example"
    assert not {"Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post"} & set(email.keys())


def test_a_long_unsubscribe_link_stays_one_url_on_one_line() -> None:
    url = "https://surveys.example/u/" + "a1" * 200
    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in compose_email(
        invitation("ann@example.com", unsubscribe_url=url), NOW
    )


@settings(deadline=None)
@given(name=HOSTILE, from_name=HOSTILE, subject=HOSTILE)
def test_names_and_subjects_arrive_whole_and_inside_their_own_headers(name: str, from_name: str, subject: str) -> None:
    variant = compile_variant("en", "${contact:x}", "<p>", "text")
    sender = Sender(SENDER.email, from_name, SENDER.reply_to_email)
    message = invitation("ann@example.com", variant=variant, to_name=name, sender=sender, values={"contact:x": subject})
    email = compose(message)
    assert email.keys() == HEADERS
    assert [address.addr_spec for address in email["To"].addresses] == ["ann@example.com"]
    assert [address.addr_spec for address in email["From"].addresses] == [SENDER.email]
    assert display_name(message, "To") == encode_subject(name)
    assert display_name(message, "From") == encode_subject(from_name)
    assert email["Subject"] == encode_subject(subject)


@settings(deadline=None)
@given(text=HOSTILE)
def test_both_parts_arrive_whole(text: str) -> None:
    email = compose(invitation("ann@example.com", variant=RAW, values={"contact:x": text + "!"}))
    lines = "\r\n".join((text + "!").replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    assert part_text(email, "plain") == lines
    assert part_text(email, "html") == lines.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace(
        '"', "&quot;"
    ).replace("'", "&#x27;")


@settings(deadline=None)
@given(url=HOSTILE.map(lambda text: text[:40]), attempt=HOSTILE.map(lambda text: text[:40]))
def test_links_and_ids_cannot_end_their_header(url: str, attempt: str) -> None:
    message = invitation("ann@example.com", unsubscribe_url=f"https://surveys.example/{url}")
    email = compose(Message(attempt, "", "ann@example.com", "", SENDER, EMAIL, message.values, message.unsubscribe_url))
    assert email.keys() == HEADERS
