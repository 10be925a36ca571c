"""What the panels of the home page read. Each part is read once, when a panel first asks for it."""

from collections.abc import Sequence
from functools import cached_property

from distributor.control_room.home.backlog import Backlog, read_backlog
from distributor.control_room.home.counts import Counts, read_counts
from distributor.control_room.home.failures import Failure, read_failures
from distributor.control_room.home.providers import Standing, read_standings
from distributor.control_room.home.recurring import Upcoming, read_upcoming
from distributor.control_room.home.running import Running, read_running
from distributor.control_room.home.voices import Voice, read_voices
from distributor.control_room.layout.room import Room
from distributor.engine.recovery.status import MemoryStatus, read_memory_status
from distributor.models import Distribution


class HomeData:
    """Eight statements if all panels are shown."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.now = room.now
        self._organizations = room.organization_ids

    @cached_property
    def counts(self) -> Counts:
        return read_counts(self._organizations, self.now)

    @cached_property
    def backlog(self) -> Backlog:
        return read_backlog(self._organizations, self.now)

    @cached_property
    def standings(self) -> list[Standing]:
        return read_standings(self._organizations, self.counts, self.backlog, self.now)

    @cached_property
    def distributions(self) -> list[Running]:
        return read_running(self._organizations, self.now)

    @cached_property
    def upcoming(self) -> list[Upcoming]:
        return read_upcoming(self._organizations)

    @cached_property
    def failures(self) -> list[Failure]:
        return read_failures(self._organizations)

    @cached_property
    def voices(self) -> list[Voice]:
        return read_voices(self._organizations)

    @cached_property
    def memory(self) -> MemoryStatus:
        return read_memory_status(self.now)

    @property
    def running(self) -> Sequence[Running]:
        return [each for each in self.distributions if not each.is_scheduled]

    @property
    def scheduled(self) -> Sequence[Running]:
        return [each for each in self.distributions if each.is_scheduled]

    @cached_property
    def is_first_visit(self) -> bool:
        """Whether nothing was ever sent. It is asked of the database only if nothing was counted and nothing waits."""
        if self.counts.accounts or self.backlog.waiting or self.distributions:
            return False
        return not Distribution.objects.filter(organization_id__in=self._organizations).exists()

    @cached_property
    def uses_sandbox_only(self) -> bool:
        """Whether all that was sent lately stayed in the sandbox: the operator is still trying it out."""
        real = [standing.counts for standing in self.standings if standing.account.kind != "sandbox"]
        return not any(counts.sent_day + counts.tried_usually for counts in real)
