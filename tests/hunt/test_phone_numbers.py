"""Phone numbers as people, spreadsheets and other systems write them."""

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from contacts.phone_numbers import normalize_phone, read_phone

# GOV.UK Notify's tests of UK mobile numbers (notifications-utils, tests/recipient_validation).
GOOD_IN_GB = [
    *("7123456789", "07123456789", "07123 456789", "07123-456-789", "00447123456789", "00 44 7123456789"),
    *("+447123456789", "+44 7123 456 789", "+44 (0)7123 456 789", "\u200b\t\t+44 (0)7123 \ufeff 456 789 \r\n"),
]
BAD_IN_GB = [
    *("712345678910", "0712345678910", "0044712345678910", "+44 (0)7123 456 789 10"),  # too long
    *("0712345678", "004471234567", "00447123456", "+44 (0)7123 456"),  # too short
    *("07890x32109", "07123 456789...", "07123 ☟☜⬇⬆☞☝", "07123☟☜⬇⬆☞☝", '07";DROP TABLE;"', "+44 07ab cde fgh"),
    *("ALPHANUM3R1C", "2026-03-05", "05/03/2026", "000-000-0000", "07123456789;07123456780", "N/A", "null", "-", "nan"),
    *("07123456789 / 07123456780", "+44 7911 123456 ext 5", "call 07123456789", "07123456789x5", "0", "1900-01-01"),
]


@pytest.mark.parametrize("text", GOOD_IN_GB)
def test_notifys_good_numbers_are_one_person(text: str) -> None:
    assert normalize_phone(text, "GB") == "+447123456789"


@pytest.mark.parametrize("text", BAD_IN_GB)
def test_what_is_no_number_is_refused(text: str) -> None:
    assert normalize_phone(text, "GB") is None


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        # A quantity in a spreadsheet: never a longer number, which may be a stranger's.
        ("06641234567.0", "AT", "+436641234567"),
        ("0501234567.0", "FI", "+358501234567"),
        ("601000001.0", "PL", "+48601000001"),
        ("601000001.00", "PL", "+48601000001"),
        # A trunk zero behind the country code.
        *((text, "GB", "+447911123456") for text in ("+4407911123456", "+44 07911 123456", "+44 (0)7911 123456")),
        ("+610412345678", "", "+61412345678"),
        ("+330612345678", "", "+33612345678"),
        ("+8109012345678", "", "+819012345678"),
        ("+4901711234567", "", "+491711234567"),
        ("+390612345678", "", "+390612345678"),  # Italy's zero is part of the number
        # WhatsApp's spellings.
        ("+5215512345678", "", "+525512345678"),
        ("+541123456789", "", "+5491123456789"),
        ("+5491123456789", "", "+5491123456789"),
        ("+551187654321", "", "+5511987654321"),
        ("+5511987654321", "", "+5511987654321"),
        ("tel:+48601000001", "", "+48601000001"),
        ("٠٧٩١١١٢٣٤٥٦", "GB", "+447911123456"),  # Arabic digits
    ],
)
def test_one_person_has_one_spelling(text: str, region: str, number: str) -> None:
    assert read_phone(text, region) == number


EXAMPLES = [
    (region, number)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    if (number := phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)) is not None
]


def test_the_examples_of_200_regions_in_five_spellings_are_one_identity_each() -> None:
    assert len(EXAMPLES) >= 200
    wrong = []
    for region, number in EXAMPLES:
        e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        international = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
        national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
        spellings = (e164, international, national, international.replace(" ", "-"), f"\u00a0{national}\u200b")
        if (found := {normalize_phone(spelling, region) for spelling in spellings}) != {e164}:
            wrong.append((region, e164, found))
    assert wrong == []
