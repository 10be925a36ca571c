"""Public ids: computed both ways, sorted like keys, and found along the primary key."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.ids import new_id, new_id_of_day
from contacts.models import MailingList, Organization
from distributor.api.dialects.distributions_v3.ids import DIGITS, Kind, numbered_id, public_id, read_id
from distributor.engine.infrastructure.clock import database_now
from tests.support.api.lists_and_links import is_id


@st.composite
def keys(draw: st.DrawFn) -> UUID:
    """UUIDv7 keys of any time until 2109."""
    milliseconds, rand_a = draw(st.integers(0, 2**42 - 1)), draw(st.integers(0, 2**12 - 1))
    rand_b = draw(st.integers(0, 2**62 - 1))
    return UUID(int=milliseconds << 80 | 7 << 76 | rand_a << 64 | 2 << 62 | rand_b)


@given(keys(), st.sampled_from(Kind))
def test_an_id_has_fifteen_characters_and_reads_as_a_range_with_its_key(key: UUID, kind: Kind) -> None:
    text = public_id(kind, key)
    assert is_id(kind.value, text)
    found = read_id(kind, text)
    assert found is not None
    assert found.contains(key)
    assert found.last.int - found.first.int == 2**27 - 1
    assert found.first.version == found.last.version == 7


@given(keys(), keys())
def test_ids_sort_like_keys(key: UUID, other: UUID) -> None:
    first, second = (public_id(Kind.CONTACT, key) for key in sorted((key, other)))
    assert first <= second


@given(st.text(DIGITS, min_size=15, max_size=15))
def test_every_key_in_an_ids_range_has_that_id(digits: str) -> None:
    found = read_id(Kind.SURVEY, f"SV_{digits}")
    if found is None:
        assert sum(DIGITS.index(digit) * 62**place for place, digit in enumerate(reversed(digits))) >= 2**89
    else:
        assert {public_id(Kind.SURVEY, key) for key in found} == {f"SV_{digits}"}


@given(st.text(max_size=25))
def test_other_texts_are_not_ids(text: str) -> None:
    assert is_id("SV", text) or read_id(Kind.SURVEY, text) is None


@pytest.mark.parametrize(
    "text", ["", "SV", "SV_", f"SV_{'0' * 14}", f"SV_{'0' * 16}", f"CG_{'0' * 15}", f"sv_{'0' * 15}", f"SV_{'é' * 15}"]
)
def test_another_prefix_or_length_is_not_an_id(text: str) -> None:
    assert read_id(Kind.SURVEY, text) is None


def test_consecutive_keys_have_different_ids() -> None:
    assert len({public_id(Kind.CONTACT, new_id()) for _ in range(100_000)}) == 100_000


def test_a_number_has_the_form_of_an_id() -> None:
    assert numbered_id(Kind.TRANSACTION, 62**2 + 1) == "CTR_000000000000101"
    assert is_id("CTR", numbered_id(Kind.TRANSACTION, 2**63 - 1))


def test_a_key_made_for_a_day_has_an_id(organization: Organization) -> None:
    assert is_id("R", public_id(Kind.RESPONSE, new_id_of_day(database_now())))


def test_a_row_is_found_by_its_id_along_the_primary_key(organization: Organization) -> None:
    made = [MailingList.objects.create(organization=organization, name=str(number)) for number in range(50)]
    for row in made:
        found = read_id(Kind.MAILING_LIST, public_id(Kind.MAILING_LIST, row.pk))
        assert found is not None
        assert MailingList.objects.get(pk__range=found) == row
