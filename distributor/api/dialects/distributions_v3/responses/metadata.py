"""What is known of a response besides its answers, by the published names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final
from uuid import UUID

from distributor.api.dialects.distributions_v3.ids import Kind, public_id


@dataclass(frozen=True, slots=True)
class Metadata:
    """A value of every response. `name` and `text` are those of its column in an export."""

    id: str
    name: str
    text: str


METADATA: Final = (
    Metadata("startDate", "StartDate", "Start Date"),
    Metadata("endDate", "EndDate", "End Date"),
    Metadata("status", "Status", "Response Type"),
    Metadata("ipAddress", "IPAddress", "IP Address"),
    Metadata("progress", "Progress", "Progress"),
    Metadata("duration", "Duration (in seconds)", "Duration (in seconds)"),
    Metadata("finished", "Finished", "Finished"),
    Metadata("recordedDate", "RecordedDate", "Recorded Date"),
    Metadata("_recordId", "ResponseId", "Response ID"),
    Metadata("recipientLastName", "RecipientLastName", "Recipient Last Name"),
    Metadata("recipientFirstName", "RecipientFirstName", "Recipient First Name"),
    Metadata("recipientEmail", "RecipientEmail", "Recipient Email"),
    Metadata("externalDataReference", "ExternalReference", "External Data Reference"),
    Metadata("locationLatitude", "LocationLatitude", "Location Latitude"),
    Metadata("locationLongitude", "LocationLongitude", "Location Longitude"),
    Metadata("distributionChannel", "DistributionChannel", "Distribution Channel"),
    Metadata("userLanguage", "UserLanguage", "User Language"),
)
METADATA_IDS: Final = frozenset(each.id for each in METADATA)
DATES: Final = frozenset({"startDate", "endDate", "recordedDate"})
# 0 is an ordinary response. Its published label says nothing of an address, and none is stored.
LABELS: Final[Mapping[str, str]] = {"status": "IP Address", "finished": "True"}
# The columns of the engine's export that the published values are made of.
SOURCE_COLUMNS: Final = (
    *("responseId", "distributionId", "externalId", "firstName", "lastName", "email"),
    *("locale", "channel", "openedAt", "submittedAt", "answers", "embeddedData"),
)


def metadata_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known of a response, by id. Dates are moments. What is not known is absent.

    `row` has the SOURCE_COLUMNS. An anonymous response, or one of a person who was erased, has no recipient. Only the
    day of an anonymous one is known.
    """
    submitted_at, opened_at = _moment(row["submittedAt"]), _moment(row["openedAt"])
    is_personal = row["distributionId"] is not None
    known = {
        "startDate": opened_at or submitted_at,
        "endDate": submitted_at,
        "status": 0,
        "progress": 100,
        "duration": _seconds(opened_at, submitted_at),
        "finished": 1,
        "recordedDate": submitted_at,
        "_recordId": public_id(Kind.RESPONSE, UUID(str(row["responseId"]))),
        "recipientLastName": row["lastName"],
        "recipientFirstName": row["firstName"],
        "recipientEmail": row["email"],
        "externalDataReference": row["externalId"],
        "distributionChannel": (row["channel"] or "gl") if is_personal else "anonymous",  # gl: a generated link
        "userLanguage": row["locale"].upper(),
    }
    return {name: value for name, value in known.items() if value is not None and value != ""}


def format_date(moment: datetime, zone: tzinfo) -> str:
    """Return a date of JSON: `2026-03-06T12:00:00Z`, or with an offset where the zone has one."""
    return moment.astimezone(zone).isoformat(timespec="seconds").replace("+00:00", "Z")


def _moment(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _seconds(begun_at: datetime | None, ended_at: datetime | None) -> int | None:
    if begun_at is None or ended_at is None:
        return None
    return max(round((ended_at - begun_at).total_seconds()), 0)
