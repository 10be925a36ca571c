"""SendGrid's substitutions give the same message as our own rendering, for any texts and values."""

from collections.abc import Generator, Sequence

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from channels.providers.base import Message, Outcome
from channels.providers.sendgrid import mail as sendgrid_mail
from channels.providers.sendgrid.provider import SendGrid
from channels.rendering import compile_variant
from tests.support.channels.batches import ANN, BOB, send
from tests.support.channels.invitations import invitation
from tests.support.channels.sendgrid_account import serving
from tests.support.standins.sendgrid import SendGridStandIn

Peer = tuple[SendGridStandIn, SendGrid]

_SLOTS = st.sampled_from(
    ["${contact:a}", "${contact:b}", "${contact:b|${link}}", "${contact:c|<none & such>}", "${link}", "${survey:name}"]
)
_FRAGMENTS = st.sampled_from(
    ["${contact:a}", "${link}", "-a-", "%a%", "{{a}}", "[a]", "<%a%>", "z0000", "&lt;", "<", '"', "\r\n", "😀", ""]
)
_VALUES = st.text(max_size=12) | st.lists(_FRAGMENTS, max_size=4).map("".join)


def _texts(literals: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(literals | _SLOTS, max_size=8).map("".join)


def _batches(values: st.SearchStrategy[str]) -> st.SearchStrategy[list[dict[str, str]]]:
    keys = st.sampled_from(["contact:a", "contact:b", "contact:c", "survey:name", "link"])
    return st.lists(st.dictionaries(keys, values), min_size=2, max_size=4)


@pytest.fixture(scope="module")
def peer() -> Generator[Peer]:
    with serving() as running:
        yield running


@given(subject=_texts(_VALUES), html=_texts(_VALUES), text=_texts(_VALUES), people=_batches(_VALUES))
def test_what_arrives_is_the_message_as_it_reads(
    peer: Peer, subject: str, html: str, text: str, people: list[dict[str, str]]
) -> None:
    variant = compile_variant("en", f"S{subject}", html, f"T{text}")
    send_and_compare(peer, [invitation("a@example.com", number=n, variant=variant, values=v) for n, v in _each(people)])


@given(people=_batches(_FRAGMENTS))
def test_values_that_hold_the_tags_of_an_earlier_request_arrive_as_they_are(
    peer: Peer, people: list[dict[str, str]]
) -> None:
    variant = compile_variant("en", "S", "<p>${contact:a} ${link}</p>", "T ${contact:a} ${link}")
    batch = [invitation("a@example.com", number=n, variant=variant, values=v) for n, v in _each(people)]
    send_and_compare(peer, batch)
    tags = list(peer[0].bodies[-1]["personalizations"][0]["substitutions"])
    assert len(tags) == 4
    aimed = {"contact:a": "".join(tags), "link": tags[0][:-1]}
    send_and_compare(peer, [invitation("a@example.com", number=n, variant=variant, values=aimed) for n in (1, 2)])


_NEAR = st.text("z0t1h", max_size=7) | st.sampled_from(["t0000", "t0001", "h0000", "0t0000", "z0", "00t0001"])


@given(html=_texts(_NEAR), text=_texts(_NEAR), people=_batches(_NEAR))
def test_no_tag_arises_where_values_texts_and_other_tags_meet(
    peer: Peer, html: str, text: str, people: list[dict[str, str]]
) -> None:
    """Use a token so short that many texts contain parts of it; only texts that contain a whole tag are excluded."""
    variant = compile_variant("en", "S", html, f"T{text}")
    batch = [invitation("a@example.com", number=n, variant=variant, values=v) for n, v in _each(people)]
    assume(not any("z00" in message.text + " " + message.html for message in batch))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sendgrid_mail, "token_hex", lambda _: "00")
        send_and_compare(peer, batch)


def test_no_tag_is_the_beginning_of_another(peer: Peer) -> None:
    keys = [f"contact:key{number}" for number in range(120)]
    text = "|".join(f"${{{key}}}" for key in keys)
    values = {key: f"<{key}>" for key in keys}
    variant = compile_variant("en", "S", "", text)
    send_and_compare(peer, [invitation("a@example.com", number=n, variant=variant, values=values) for n in (1, 2)])


def send_and_compare(peer: Peer, batch: Sequence[Message]) -> None:
    stand_in, provider = peer
    stand_in.mails.clear()
    assert {result.outcome for result in provider.send_batch(batch)} == {Outcome.ACCEPTED}
    assert "substitutions" in stand_in.bodies[-1]["personalizations"][0]
    for message, mail in zip(batch, stand_in.mails, strict=True):
        assert (mail.subject, mail.html, mail.text) == (message.subject, message.html, message.text)


def _each(people: Sequence[dict[str, str]]) -> list[tuple[int, dict[str, str]]]:
    return list(enumerate(people, 1))


def test_a_tag_is_drawn_anew_for_every_request() -> None:
    with serving() as (peer, provider):
        for _ in range(2):
            send(provider, ANN, BOB)
    first, second = ({tag for to in body["personalizations"] for tag in to["substitutions"]} for body in peer.bodies)
    assert len(first) == len(second) == 4  # two slots, each as text and as HTML
    assert not first & second
