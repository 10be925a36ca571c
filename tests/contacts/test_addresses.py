import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contacts.addresses import is_email
from contacts.models import Contact
from contacts.phone_numbers import normalize_phone

LONG_DOMAIN = ".".join(["d" * 61] * 3)  # 185 characters


@pytest.mark.parametrize(
    "text",
    [
        "a@b.pl",
        "john.doe@example.com",
        "JOHN@EXAMPLE.COM",
        "o'neil+tag_1-x@sub.example.co.uk",
        "!#$%&'*+/=?^_`{|}~-@example.com",
        "a@xn--bcher-kva.example",
        "1@2.example",
        "a@b-c.de",
        f"{'a' * 64}@example.com",
        f"{'a' * 64}@{LONG_DOMAIN}.com",  # 254 characters
    ],
)
def test_usable_addresses(text: str) -> None:
    assert is_email(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "john",
        "@example.com",
        "john@",
        "john@example",
        "john@example.c",
        "john@@example.com",
        "john doe@example.com",
        "john@exam ple.com",
        " john@example.com",
        "john@example.com ",
        "john@example.com\n",
        "john@example.com\r\nBcc: eve@example.com",
        "John <john@example.com>",
        '"john"@example.com',
        "john@example..com",
        "john@.example.com",
        "john@example.com.",
        "john@[127.0.0.1]",
        "jöhn@example.com",
        "john@bücher.example",
        "john@example.com\0",
        "john,eve@example.com",
        "john@example.com,eve@example.com",
        f"{'a' * 65}@example.com",
        f"{'a' * 64}@{LONG_DOMAIN}.comm",  # 255 characters
    ],
)
def test_unusable_addresses(text: str) -> None:
    assert not is_email(text)


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("+48601234567", "", "+48601234567"),
        ("+48601234567", "US", "+48601234567"),
        ("+48 601 234 567", "", "+48601234567"),
        ("+48 (601) 234-567", "", "+48601234567"),
        ("tel:+48-601-234-567", "", "+48601234567"),
        ("601234567", "PL", "+48601234567"),
        ("601 234 567", "PL", "+48601234567"),
        ("0048601234567", "PL", "+48601234567"),
        ("(212) 555-0123", "US", "+12125550123"),
        ("+1234567", "", "+1234567"),
        ("+123456789012345", "", "+123456789012345"),
    ],
)
def test_a_phone_number_has_one_spelling(text: str, region: str, expected: str) -> None:
    assert normalize_phone(text, region) == expected


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("", "PL"),
        ("no number", "PL"),
        ("601234567", ""),
        ("601234567", "XX"),
        ("12", "PL"),
        ("+", ""),
        ("+1 800 FLOWERS", ""),
        ("+48 601 234 567 ext. 12", ""),
        ("+0601234567", ""),
        ("+999 1", ""),
        ("+48 601", ""),
        ("+49 301234567890123", ""),  # 17 digits with the country's
        ("+49301234567890123", ""),
        ("+48601234567890123456789", ""),
        ("\0", "PL"),
    ],
)
def test_what_cannot_be_a_phone_number_is_none(text: str, region: str) -> None:
    assert normalize_phone(text, region) is None


@given(st.text(max_size=64) | st.from_regex(r"\+?[0-9 ()./-]{5,25}", fullmatch=True), st.sampled_from(["", "PL", "DE"]))
@example("+49 301234567890123", "")
def test_a_phone_number_is_e164_that_fits_its_column_and_keeps_its_spelling(text: str, region: str) -> None:
    number = normalize_phone(text, region)
    if number is not None:
        assert number.startswith("+")
        assert number[1:].isascii()
        assert number[1:].isdigit()
        assert len(number) <= (Contact._meta.get_field("phone").max_length or 0)
        assert normalize_phone(number, region) == number
