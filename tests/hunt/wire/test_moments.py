"""Dates and times as databases, languages and spreadsheets write them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from distributor.api.bodies.fields import AwareMoment, AwareMomentOrNone, Moment, MomentOrNone

NINE = "2027-03-05T09:00:00+00:00"
TAKEN = [
    ("2027-03-05 09:00:00+00", NINE),  # PostgreSQL
    ("2027-03-05 09:00:00.123456+00", "2027-03-05T09:00:00.123456+00:00"),  # PostgreSQL
    ("2027-03-05 09:00:00 +00:00", NINE),  # .NET's DateTimeOffset, SQL Server's datetimeoffset
    ("2027-03-05 09:00:00.0000000 +00:00", NINE),  # SQL Server's datetimeoffset(7)
    ("2027-03-05T09:00:00.0000000Z", NINE),  # .NET's round-trip format "O"
    ("2027-03-05 09:00:00Z", NINE),  # .NET's universal sortable format "u"
    ("2027-03-05T14:00:00+05", NINE),  # ISO 8601, hours only
    ("2027-03-05T14:30:00+0530", NINE),  # strftime's %z, Salesforce
    ("2027-03-05T03:30:00-0530", NINE),
    ("2027-03-05T04:00:00−05:00", NINE),  # ISO 8601's own minus sign
    ("2027-03-05 14:00:00 +0500", NINE),  # Ruby's Time#to_s, git
    ("2027-03-05 09:00:00 UTC", NINE),  # Ruby, BigQuery
    ("2027-03-05t09:00:00z", NINE),  # RFC 3339 §5.6
    ("2027-03-05T09:00Z", NINE),
    ("2027-03-05T09:00:00,5Z", "2027-03-05T09:00:00.500000+00:00"),  # ISO 8601's comma, log4j
    ("2027-03-05T09:00:00.123456789Z", "2027-03-05T09:00:00.123456+00:00"),  # Go, Java's Instant
    (" 2027-03-05T09:00:00Z\n", NINE),
    ("2027-03-05T24:00:00Z", "2027-03-06T00:00:00+00:00"),  # ISO 8601, the end of a day
    ("2027-03-05T24:00Z", "2027-03-06T00:00:00+00:00"),
    ("2027-12-31 24:00:00.000+01", "2027-12-31T23:00:00+00:00"),
    ("2028-02-29T24:00:00Z", "2028-03-01T00:00:00+00:00"),
    ("2027-06-30T23:59:60Z", "2027-07-01T00:00:00+00:00"),  # a leap second, RFC 3339 §5.7
    ("2027-07-01T05:29:60.5+05:30", "2027-07-01T00:00:00+00:00"),
    ("2027-12-31T15:59:60-08", "2028-01-01T00:00:00+00:00"),
]
REFUSED = [
    "20270305",
    "1804237200",
    "2027-03-05",
    "05.03.2027 09:00",
    "03/05/2027 9:00 AM",
    "2027-03-05T9:00Z",
    "2027-02-30T09:00Z",
    "2027-02-29T24:00Z",
    "2027-03-05T24:00:01Z",
    "2027-03-05T24:30Z",
    "2027-03-05T25:00Z",
    "2027-03-05T09:00:60Z",
    "2027-03-05T23:59:60+02:00",
    "2027-03-05T23:59:61Z",
    "2027-03-05T09:00:00+25:00",
    "2027-03-05T09:00:00+05:3",
    "2027-03-05T09:00:00 CET",
    "2027-03-05T09:00:00Zulu",
    "2027-03-05T٠٩:00Z",
    "9999-12-31T24:00:00Z",
    "9999-12-31T23:59:60Z",
    "0000-01-01T00:00Z",
    1804237200,
    True,
    ["2027-03-05T09:00:00Z"],
    "2027-03-05T09:00:00." + "0" * 100_000 + "x",
]


@pytest.mark.parametrize(("given", "moment"), TAKEN)
@pytest.mark.parametrize("kind", [Moment, AwareMoment, MomentOrNone, AwareMomentOrNone])
def test_known_forms_are_taken(kind: Any, given: str, moment: str) -> None:
    assert TypeAdapter(kind).validate_python(given) == datetime.fromisoformat(moment)


@pytest.mark.parametrize("given", REFUSED)
@pytest.mark.parametrize("kind", [Moment, AwareMoment, MomentOrNone])
def test_everything_else_is_refused(kind: Any, given: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(given)


@pytest.mark.parametrize("blank", ["", " ", "\t", "\n  ", "\u00a0", None])
def test_a_blank_is_not_given(blank: str | None) -> None:
    assert TypeAdapter(MomentOrNone).validate_python(blank) is None
    assert TypeAdapter(AwareMomentOrNone).validate_python(blank) is None


def test_without_an_offset_dialects_mean_utc_and_the_native_api_asks() -> None:
    moment = TypeAdapter(Moment).validate_python("2027-03-05 24:00:00")
    assert moment == datetime(2027, 3, 6, tzinfo=UTC)
    with pytest.raises(ValidationError, match="offset"):
        TypeAdapter(AwareMoment).validate_python("2027-03-05 24:00:00")
