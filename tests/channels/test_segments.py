"""How many SMS segments a text has."""

import pytest

from channels.segments import GSM7_BASIC, GSM7_EXTENDED, Encoding, segment_text

GSM7, UCS2 = Encoding.GSM7, Encoding.UCS2


def test_the_alphabet_has_127_characters_and_10_that_are_escaped() -> None:
    assert len(set(GSM7_BASIC)) == len(GSM7_BASIC) == 127
    assert len(set(GSM7_EXTENDED)) == len(GSM7_EXTENDED) == 10
    assert not set(GSM7_BASIC) & set(GSM7_EXTENDED)


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", GSM7, 0, 0),
        ("Hello", GSM7, 5, 1),
        ("a" * 160, GSM7, 160, 1),
        ("a" * 161, GSM7, 161, 2),
        ("a" * 306, GSM7, 306, 2),
        ("a" * 307, GSM7, 307, 3),
        ("€" * 80, GSM7, 160, 1),
        ("€" * 80 + "a", GSM7, 161, 2),
        ("ą" * 70, UCS2, 70, 1),
        ("ą" * 71, UCS2, 71, 2),
        ("ą" * 134, UCS2, 134, 2),
        ("ą" * 135, UCS2, 135, 3),
        ("👍" * 35, UCS2, 70, 1),
        ("👍" * 35 + "a", UCS2, 71, 2),
    ],
)
def test_segments_fill_up_at_these_lengths(text: str, encoding: Encoding, units: int, segments: int) -> None:
    counted = segment_text(text)
    assert (counted.encoding, counted.units, counted.segments) == (encoding, units, segments)


def test_an_escaped_character_is_not_cut_in_half() -> None:
    assert segment_text("a" * 152 + "€" + "a" * 151).segments == 2
    # The euro takes two units and does not fit after 152 others: it begins the second segment, the last letter a third.
    assert segment_text("a" * 152 + "€" + "a" * 152).segments == 3


def test_a_surrogate_pair_is_not_cut_in_half() -> None:
    assert segment_text("a" * 66 + "👍" + "a" * 65).segments == 2
    assert segment_text("a" * 66 + "👍" + "a" * 66).segments == 3


def test_one_curly_quote_turns_160_characters_into_three_segments_of_70() -> None:
    plain, curly = segment_text("It's " + "a" * 155), segment_text("It’s " + "a" * 155)
    assert (plain.encoding, plain.segments, plain.outside_gsm7) == (GSM7, 1, ())
    assert (curly.encoding, curly.segments, curly.outside_gsm7) == (UCS2, 3, ("’",))


def test_what_forces_ucs_2_is_named_once_in_the_order_of_the_text() -> None:
    assert segment_text("Cześć, łąka — “ś”").outside_gsm7 == ("ś", "ć", "ł", "ą", "—", "“", "”")


def test_characters_are_code_points_whatever_they_take() -> None:
    counted = segment_text("€👍")
    assert (counted.characters, counted.units) == (2, 3)


@pytest.mark.parametrize("character", ["`", "ç", "“", "–", "\t", "ё"])
def test_look_alikes_of_the_alphabet_are_outside_it(character: str) -> None:
    assert segment_text(character).encoding is UCS2


@pytest.mark.parametrize("character", ["\n", "\r", "@", "Ç", "¿", "Ä", "Ω", "€", "[", "~", "\\"])
def test_these_are_inside_it(character: str) -> None:
    assert segment_text(character).encoding is GSM7
