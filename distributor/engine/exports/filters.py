"""Which rows an export has."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ExportFilters:
    """The filters of all kinds. Each kind takes some of them; a filter that is not given leaves everything in.

    `states` are a recipient's states as reports tell them. `since` and `before` bound what the kind says.
    """

    distribution_id: UUID | None = None
    survey_id: UUID | None = None
    list_id: UUID | None = None
    channel: str | None = None
    states: tuple[str, ...] = ()
    since: datetime | None = None
    before: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the given filters by their public names."""
        ids = (("distributionId", self.distribution_id), ("surveyId", self.survey_id), ("listId", self.list_id))
        given: dict[str, Any] = {name: str(key) for name, key in ids if key is not None}
        if self.channel:
            given["channel"] = self.channel
        if self.states:
            given["states"] = list(self.states)
        times = (("since", self.since), ("before", self.before))
        return given | {name: moment.isoformat() for name, moment in times if moment is not None}


def read_filters(stored: dict[str, Any]) -> ExportFilters:
    """Return the filters that to_json() returned."""
    ids = {name: UUID(stored[name]) if name in stored else None for name in ("distributionId", "surveyId", "listId")}
    times = {name: datetime.fromisoformat(stored[name]) if name in stored else None for name in ("since", "before")}
    return ExportFilters(
        distribution_id=ids["distributionId"],
        survey_id=ids["surveyId"],
        list_id=ids["listId"],
        channel=stored.get("channel"),
        states=tuple(stored.get("states", ())),
        since=times["since"],
        before=times["before"],
    )
