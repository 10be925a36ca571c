"""What the page of a distribution reads. Each part is read once, when the page first asks for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from django.db.models import Avg, IntegerField, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from contacts.models import Contact
from distributor.control_room.distribution.sentence import status_sentence
from distributor.control_room.layout.charts import Part
from distributor.control_room.layout.room import Room
from distributor.engine.manual_retry.unreached import UnreachedGroup, count_unreached
from distributor.engine.reports.pace import Pace, read_paces
from distributor.engine.reports.skips import SkipGroup, count_skips
from distributor.engine.reports.standing import Standing, read_standings
from distributor.engine.reports.step_counts import StepCounts, count_steps
from distributor.models import Batch, Decision, Distribution, Response, Step
from distributor.rules.journey.conclusion import UNKNOWN_OUTCOME
from distributor.rules.journey.manual_retry import RetriedOutcome, RetrySelection
from distributor.rules.phrases import explain_reason

# A million recipients make a thousand batches, and a million contacts may be left out. The page shows the first.
SHOWN: Final = 50
VOICES_SHOWN: Final = 8
# Counting the steps and reasons of more recipients takes seconds: it is done when the operator asks for it.
COUNTED_AT_ONCE: Final = 30_000


@dataclass(frozen=True, slots=True)
class CountedStep:
    """A step, and what came of its messages. `stages` are those of its funnel."""

    step: Step
    counts: StepCounts

    @property
    def stages(self) -> list[tuple[str, float]]:
        counts = self.counts
        tried = counts.sent + counts.failed + counts.unknown
        return [
            (_("tried"), tried),
            (_("reached"), counts.sent),
            (_("delivered"), counts.delivered),
            (_("opened"), counts.opened),
            (_("clicked"), counts.clicked),
        ]


class DistributionData:
    """`is_counted_anyway`: the operator asked for the counts of a large distribution."""

    def __init__(self, room: Room, distribution: Distribution, *, is_counted_anyway: bool = False) -> None:
        self.room = room
        self.now = room.now
        self.distribution = distribution
        self.is_counted_anyway = is_counted_anyway
        self.is_counted = is_counted_anyway or distribution.accepted_count <= COUNTED_AT_ONCE

    @cached_property
    def standing(self) -> Standing:
        return read_standings([self.distribution], self.now)[self.distribution.pk]

    @cached_property
    def pace(self) -> Pace:
        return read_paces([self.distribution.pk], self.now)[self.distribution.pk]

    @property
    def sentence(self) -> str:
        return status_sentence(self.distribution, self.standing, self.pace)

    @property
    def parts(self) -> list[Part]:
        """The bar: people who have a message, who failed, and so on. They add up to the accepted contacts."""
        labels = {
            "reached": _("reached"),
            "failed": _("failed"),
            "indeterminate": _("unknown"),
            "stopped": _("stopped"),
            "waiting": _("not reached yet"),
            "registered": _("links only"),
            "skipped": _("left out"),
        }
        return [Part(name, labels[name], count) for name, count in self.distribution.progress.items()]

    @property
    def stages(self) -> list[tuple[str, float]]:
        row = self.distribution
        return [
            (_("accepted"), row.accepted_count),
            (_("reached"), row.reached_count),
            (_("opened"), row.opened_count),
            (_("responded"), row.responded_count),
        ]

    @cached_property
    def steps(self) -> list[Step]:
        steps = self.distribution.steps.filter(contact=None).select_related("provider_account", "template", "follow_up")
        return list(steps.prefetch_related("accounts__provider_account")[:SHOWN])

    @cached_property
    def counted_steps(self) -> list[CountedStep]:
        if not self.is_counted:
            return []
        counts = count_steps(self.steps)
        return [CountedStep(step, counts[step.pk]) for step in self.steps]

    @cached_property
    def failures(self) -> Sequence[tuple[UnreachedGroup, str]]:
        """Who was not reached, grouped by what the provider said, each with the reason in words."""
        row = self.distribution
        if not self.is_counted or not row.failed_count + row.indeterminate_count:
            return ()
        groups = count_unreached(row.pk, RetrySelection(outcomes=list(RetriedOutcome)))
        return [(group, self._why(group)) for group in groups]

    def _why(self, group: UnreachedGroup) -> str:
        if not group.outcome:
            return _("other reasons")
        facts = {"channel": group.channel} if group.channel else {}
        reason, room = group.reason or UNKNOWN_OUTCOME, self.room
        return explain_reason(reason, facts, now=self.now, zone=room.zone, language=room.language)

    @cached_property
    def skips(self) -> Sequence[tuple[SkipGroup, str]]:
        """The reasons why contacts were left out, each with the newest decision in words."""
        if not self.is_counted or not self.distribution.skipped_count:
            return ()
        zone, language = self.room.zone, self.room.language
        return [(group, group.example.sentence(zone, language)) for group in count_skips(self.distribution.pk)]

    @cached_property
    def skipped(self) -> Sequence[tuple[Decision, Contact | None, str]]:
        """The first contacts that were left out, each with the decision in words."""
        if not self.distribution.skipped_count:
            return ()
        left_out = Decision.objects.filter(distribution_id=self.distribution.pk, recipient_id=None)
        decisions = list(left_out.order_by("id")[:SHOWN])
        contacts = Contact.objects.in_bulk({decision.contact_id for decision in decisions})
        zone, language = self.room.zone, self.room.language
        return [
            (decision, contacts.get(decision.contact_id), decision.sentence(zone, language)) for decision in decisions
        ]

    @cached_property
    def batches(self) -> QuerySet[Batch]:
        """Waiting batches by due time, then finished ones."""
        return self.distribution.batches.select_related("step").order_by("-state", "due_at", "pk")[:SHOWN]

    @cached_property
    def voices(self) -> Sequence[Response]:
        if not self.distribution.responded_count or not self.is_counted:
            return ()
        return list(self._responses.order_by("-id")[:VOICES_SHOWN])

    @cached_property
    def score(self) -> float | None:
        """The average of the built-in question's scores, 0 to 10."""
        if not self.voices:
            return None
        scored = self._responses.filter(answers__score__in=range(11))
        given = Cast(KeyTextTransform("score", "answers"), IntegerField())
        average: float | None = scored.aggregate(average=Avg(given))["average"]
        return average

    @property
    def _responses(self) -> QuerySet[Response]:
        return Response.objects.filter(survey_id=self.distribution.survey_id, recipient__distribution=self.distribution)
