"""Ids that leave the platform: stable, read back by us alone, and silent about how many there are."""

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from channels.models import SandboxMessage
from distributor.engine.infrastructure.installation import find_installation, read_plain_ids_below
from distributor.engine.journey.attempts import attempt_id, read_attempt_id
from distributor.engine.journey.sealed_ids import seal, unseal
from distributor.models import Installation, Recipient
from tests.engine.conftest import Send
from tests.support.engine.people import dispatch

IDS, NUMBERS = st.integers(1, 2**63 - 1), st.integers(1, 2**15 - 1)


@for_all(IDS, NUMBERS)
def test_an_id_is_read_back(recipient_id: int, number: int) -> None:
    assert unseal(seal(recipient_id, number)) == (recipient_id, number)
    assert read_attempt_id(seal(recipient_id, number).hex()) == (recipient_id, number)
    assert seal(recipient_id, number) == seal(recipient_id, number)


@for_all(st.binary(max_size=17))
def test_what_we_did_not_make_is_no_id(forged: bytes) -> None:
    assert unseal(forged) is None
    assert read_attempt_id(forged.hex()) is None


def test_ids_in_flight_from_before_are_still_read() -> None:
    assert read_attempt_id("2f-1") == (47, 1)
    for text in ("", "2f", "2f-0", "-1", "2F-1", "8000000000000000-1", "2f-32768", "x" * 32):
        assert read_attempt_id(text) is None


def test_neighbours_have_nothing_in_common() -> None:
    """Of 128 bits about half differ; fewer than 20 by chance once in 10^15."""
    for recipient_id in range(1, 200):
        one, next_one = (int.from_bytes(seal(number, 1)) for number in (recipient_id, recipient_id + 1))
        assert (one ^ next_one).bit_count() > 20


@pytest.mark.django_db
def test_no_message_shows_how_many_were_sent_before(send: Send) -> None:
    send(1)
    dispatch()
    message, recipient = SandboxMessage.objects.get(), Recipient.objects.get()
    assert len(message.attempt_id) == 32
    assert read_attempt_id(message.attempt_id) == (recipient.pk, 1)
    assert f"{recipient.pk:x}-1" not in str(message.headers)


@pytest.mark.django_db
def test_older_recipients_keep_the_ids_that_their_providers_know(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    send(1)
    plain_below = Recipient.objects.get().pk + 1
    find_installation()
    Installation.objects.update(plain_ids_below=plain_below)
    monkeypatch.setattr("distributor.engine.journey.attempts.read_plain_ids_below", read_plain_ids_below.__wrapped__)
    assert attempt_id(plain_below - 1, 3) == f"{plain_below - 1:x}-3"
    assert attempt_id(plain_below, 3) == seal(plain_below, 3).hex()
