"""Which recipients and skipped contacts to list."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from distributor.api.answers.pagination import parse_row_number
from distributor.api.bodies.fields import Line255
from distributor.api.native.filters import OfContact
from distributor.api.native.list_queries import Changed

State = Literal["registered", "waiting", "sent", "failed", "indeterminate", "stopped"]
_FEWER = "A page may then have fewer items than `limit`, or none, and still a `nextCursor`."


class RecipientQuery(OfContact):
    """Which recipients to list. Filters must all match; one that is blank finds nobody."""

    is_ascending: ClassVar = True
    key: ClassVar = (parse_row_number,)

    state: State | None = Field(None, description=f"Only recipients in this state. {_FEWER}", examples=["failed"])
    reason: Line255 | None = Field(
        None,
        description=f"Only recipients who stopped or failed for this reason. {_FEWER}",
        examples=["opted_out"],
    )


class JourneyQuery(OfContact, Changed):
    """Which recipients to list, across distributions: those of a contact, or those that were changed since.

    Filters must all match; one that is blank finds nobody.
    """

    is_ascending: ClassVar = True
    key: ClassVar = (parse_row_number,)
    change_key: ClassVar = (datetime.fromisoformat, parse_row_number, parse_row_number)

    survey_id: UUID | None = Field(
        None, description="Only recipients of this survey.", examples=["0194c4f0-3c2b-7e44-9f10-1a2b3c4d5e6f"]
    )
    state: State | None = Field(None, description=f"Only recipients in this state. {_FEWER}", examples=["failed"])
    reason: Line255 | None = Field(
        None, description=f"Only recipients who stopped or failed for this reason. {_FEWER}", examples=["opted_out"]
    )


class SkippedQuery(OfContact):
    """Which skipped contacts to list. Filters must all match; one that is blank finds nobody."""

    is_ascending: ClassVar = True
    key: ClassVar = (parse_row_number,)

    reason: Line255 | None = Field(
        None, description=f"Only contacts who were left out for this reason. {_FEWER}", examples=["frequency_rule"]
    )
