import os
import string
from collections import Counter

import pytest

from distributor.rules.link_codes import ALPHABET, CODE_LENGTH, is_well_formed, mint_codes


@pytest.mark.parametrize("count", [0, 1, 2, 999, 1_000])
def test_as_many_well_formed_codes_are_minted_as_asked_for(count: int) -> None:
    minted = mint_codes(count)
    assert len(minted) == count
    assert all(is_well_formed(code) for code in minted)


def test_a_hundred_thousand_codes_are_all_different() -> None:
    assert len(set(mint_codes(100_000))) == 100_000


def test_the_alphabet_is_base_62() -> None:
    assert sorted(ALPHABET) == sorted(string.ascii_letters + string.digits)
    assert CODE_LENGTH == 12


def test_every_byte_value_that_is_kept_stands_for_each_character_equally_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # All 256 byte values, over and over: 248 of them are 4 rounds of the alphabet, the other 8 must not count.
    monkeypatch.setattr(os, "urandom", lambda size: (bytes(range(256)) * (size // 256 + 1))[:size])
    characters = Counter("".join(mint_codes(62 * 4)))
    assert set(characters) == set(ALPHABET)
    assert set(characters.values()) == {62 * 4 * CODE_LENGTH // 62}


def test_unfair_bytes_are_dropped_and_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    draws = iter([b"\xff" * 1_000, b"\xf8\x00" * 8, bytes(200)])
    monkeypatch.setattr(os, "urandom", lambda size: next(draws)[:size])
    assert mint_codes(1) == ["0" * CODE_LENGTH]


@pytest.mark.parametrize(
    "text",
    ["", "short", "a" * 11, "a" * 13, "abcdefghijk-", "abcdefghijk\n", "abcdefghijkl\n", "ąbcdefghijkl", "\0" * 12],
)
def test_other_texts_are_no_codes(text: str) -> None:
    assert not is_well_formed(text)
