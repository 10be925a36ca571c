"""Read an organisation's events in the order of their places, from a cursor on."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from django.db.models import Max, Q, QuerySet

from distributor.engine.events.numbering import number_events
from distributor.engine.events.render import Event, Slice, render_events
from distributor.models import EventBundle

# The most bundles that one page looks through; a page may then be short, and more may follow.
MOST_BUNDLES: Final = 500


class Cursor(NamedTuple):
    """The next event to read: the place of its bundle, and its place within the bundle."""

    position: int = 0
    place: int = 0

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Read what str() wrote. Raises ValueError."""
        position, _, place = text.partition(".")
        cursor = cls(int(position), int(place))
        if not (0 <= cursor.position < 2**63 and 0 <= cursor.place < 2**31):
            raise ValueError("not a cursor")
        return cursor

    def __str__(self) -> str:
        return f"{self.position}.{self.place}"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events to read. Empty: all. Events of no distribution pass only if none is asked for."""

    types: Collection[str] = ()
    distribution_ids: Collection[UUID] = ()
    survey_ids: Collection[UUID] = ()
    since: datetime | None = None
    before: datetime | None = None

    def passes(self, event: Event) -> bool:
        return (not self.distribution_ids or event.distribution_id in self.distribution_ids) and (
            not self.survey_ids or event.survey_id in self.survey_ids
        )

    def narrow(self, bundles: QuerySet[EventBundle]) -> QuerySet[EventBundle]:
        """Leave out bundles that hold nothing of it, as far as that shows without reading their subjects."""
        if self.types:
            bundles = bundles.filter(type__in=self.types)
        if self.distribution_ids:
            bundles = bundles.filter(Q(distribution_id__in=self.distribution_ids) | Q(distribution_id=None))
        if self.since is not None:
            bundles = bundles.filter(at__gte=self.since)
        if self.before is not None:
            bundles = bundles.filter(at__lt=self.before)
        return bundles


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events in order, where to continue, and whether there may be more to read at once."""

    events: Sequence[Event]
    next: Cursor
    has_more: bool


def read_events(organization_id: UUID, cursor: Cursor, limit: int, wanted: Filter) -> EventPage:
    """Return the next events, at most `limit`."""
    has_unnumbered = number_events(organization_id)
    own = EventBundle.objects.filter(organization_id=organization_id, position__isnull=False)
    last = own.aggregate(last=Max("position"))["last"]
    if last is None or last < cursor.position:
        return EventPage([], cursor, has_unnumbered)
    bundles = wanted.narrow(own.filter(position__range=(cursor.position, last))).order_by("position")
    slices: list[Slice] = []
    missing = limit
    # Each bundle holds an event, but the first may have been read to its end.
    reach = min(MOST_BUNDLES, limit + 1)
    found = list(bundles[:reach])
    for bundle in found:
        start = cursor.place if bundle.position == cursor.position else 0
        part = Slice(bundle, start, min(size_of(bundle), start + missing))
        if part.stop > part.start:
            slices.append(part)
            missing -= part.stop - part.start
        if not missing:
            break
    events = [event for event in render_events(slices) if wanted.passes(event)]
    if slices and not missing:
        return EventPage(events, Cursor(slices[-1].bundle.position or 0, slices[-1].stop), True)
    if len(found) == reach:
        return EventPage(events, Cursor((found[-1].position or 0) + 1), True)
    return EventPage(events, Cursor(last + 1), has_unnumbered)


def find_events(organization_id: UUID, references: Sequence[tuple[int, int]]) -> list[Event]:
    """Return events by the ids of their bundles and their places in them. Those that are no longer kept are missing."""
    bundles = {
        bundle.pk: bundle
        for bundle in EventBundle.objects.filter(
            organization_id=organization_id, pk__in={bundle_id for bundle_id, _ in references}
        )
    }
    known = [(bundles[bundle_id], place) for bundle_id, place in references if bundle_id in bundles]
    return render_events([Slice(bundle, place, place + 1) for bundle, place in known if place < size_of(bundle)])


def has_news(organization_id: UUID, cursor: Cursor) -> bool:
    """Return whether there is anything to read from the cursor on."""
    own = EventBundle.objects.filter(organization_id=organization_id)
    if own.filter(position=None).exists() or own.filter(position__gt=cursor.position).exists():
        return True
    bundle = own.filter(position=cursor.position).first()
    return bundle is not None and size_of(bundle) > cursor.place


def end_of_stream(organization_id: UUID) -> Cursor:
    """Return the cursor behind everything that has a place."""
    own = EventBundle.objects.filter(organization_id=organization_id, position__isnull=False)
    return Cursor((own.aggregate(last=Max("position"))["last"] or 0) + 1)


def size_of(bundle: EventBundle) -> int:
    """Return how many events a bundle holds."""
    return 1 if bundle.subject_ids is None else len(bundle.subject_ids)
