"""Write event bundles, in the transaction of what they tell about, after its recipients are locked.

So of two transactions with the same recipient, the later one has the larger ids: engine/events/numbering.py relies on
it. Statements that change many recipients write their bundles themselves (engine/journey/transitions.py), which saves
a round trip.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final
from uuid import UUID

from django.db import connection

from distributor.engine.infrastructure.sql_params import rows_of, without_nul
from distributor.rules.event_types import EventType

_WRITE: Final = """
INSERT INTO distributor_eventbundle (organization_id, distribution_id, type, subject_ids, numbers, details)
SELECT organization_id, distribution_id, type, subject_ids, numbers, details FROM json_to_recordset(%s) AS given(
    organization_id uuid, distribution_id uuid, type text, subject_ids bigint[], numbers smallint[], details jsonb)
"""


@dataclass(frozen=True, slots=True)
class NewBundle:
    """Events of one type. `subject_ids` None: one event about no recipient. See models/event_bundle.py."""

    type: EventType
    organization_id: UUID
    distribution_id: UUID | None = None
    subject_ids: Sequence[int] | None = None
    numbers: Sequence[int] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


def write_bundles(bundles: Iterable[NewBundle]) -> None:
    """Write all bundles in one statement. Those without any subject are left out."""
    rows = [asdict(bundle) for bundle in bundles if bundle.subject_ids is None or bundle.subject_ids]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_WRITE, [without_nul(rows_of(rows))])
