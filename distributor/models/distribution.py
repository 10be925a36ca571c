"""One call's worth of sending."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from contacts.ids import new_id
from contacts.models import ApiKey, MailingList, Organization
from distributor.models.survey import Survey
from distributor.rules.journey.chain import StopsOn
from distributor.rules.journey.distribution_status import DistributionStatus, distribution_status
from distributor.rules.requests import LinkType
from distributor.rules.timing.throttle import ThrottlePolicy

LINK_TYPES = [(kind.value, kind.value.replace("_", "-")) for kind in LinkType]
STOPS_ON = [(what.value, what.value) for what in StopsOn]
THROTTLE_POLICIES = [(policy.value, policy.value) for policy in ThrottlePolicy]


class ChannelMode(models.TextChoices):
    SINGLE = "single", "single: the first channel that reaches the contact"
    MULTI = "multi", "multi: the next channel when one fails or stays unanswered"


class Distribution(models.Model):
    """What was accepted: a survey to an audience, and how it stands.

    The counts sum to `accepted_count` at every moment: who is not skipped, registered, sent, failed, indeterminate or
    stopped is waiting, those included who were sent to and wait for a fallback, a reminder or a thank-you. They are
    added to in the transaction that moves the recipients.

    While it `is_preparing` its audience is still being read (models/expansion.py), and `accepted_count` grows.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="distributions")
    survey = models.ForeignKey(Survey, models.PROTECT, related_name="distributions")
    mailing_list = models.ForeignKey(MailingList, models.SET_NULL, null=True, related_name="distributions")
    api_key = models.ForeignKey(ApiKey, models.SET_NULL, null=True, related_name="+", db_index=False)
    source = models.CharField(max_length=31, help_text="The dialect it was asked for in.")
    name = models.CharField(max_length=255, blank=True)
    mode = models.CharField(max_length=6, choices=ChannelMode, default=ChannelMode.SINGLE)
    scheduled_at = models.DateTimeField(null=True, blank=True)
    not_after = models.DateTimeField(null=True, blank=True, help_text="Who is not sent to by then is not sent to.")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Ends sends and links.")
    is_preparing = models.BooleanField(db_default=False, help_text="Its audience is still being read.")
    paused_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(
        null=True, blank=True, help_text="Over the API: it is cancelled and not shown there any more."
    )

    stops_on = models.CharField(
        max_length=9,
        choices=STOPS_ON,
        default=StopsOn.RESPONSE,
        help_text="What ends the chain's fallbacks. A response always does.",
    )
    link_type = models.CharField(max_length=9, choices=LINK_TYPES, default=LinkType.ONE_TIME)
    throttle_minutes = models.PositiveIntegerField(null=True, blank=True)
    throttle_policy = models.CharField(max_length=6, choices=THROTTLE_POLICIES, default=ThrottlePolicy.DEFER)

    exclude_opted_out = models.BooleanField(default=True)
    respect_frequency_rules = models.BooleanField(default=True)
    exclude_recently_contacted = models.BooleanField(default=False)
    recent_contact_days = models.PositiveSmallIntegerField(default=30)

    accepted_count = models.PositiveIntegerField(default=0)
    skipped_count = models.PositiveIntegerField(default=0)
    registered_count = models.PositiveIntegerField(default=0, help_text="With a link, and not sent to by us.")
    sent_count = models.PositiveIntegerField(default=0)
    failed_count = models.PositiveIntegerField(default=0)
    indeterminate_count = models.PositiveIntegerField(default=0)
    stopped_count = models.PositiveIntegerField(default=0)
    # Beside the sum: what happened to those who were sent to.
    reached_count = models.PositiveIntegerField(
        default=0, help_text="With a message that counts as sent, whatever they wait for now."
    )
    opened_count = models.PositiveIntegerField(default=0)
    responded_count = models.PositiveIntegerField(default=0)
    duplicate_risk_count = models.PositiveIntegerField(
        default=0, help_text="Sent again after a first try of unknown outcome: at most so many got it twice."
    )
    # Every begin compares it: a worker that knows fewer steps reads them again (engine/follow_up/add.py).
    follow_up_count = models.PositiveIntegerField(default=0, help_text="Steps added since it was accepted.")
    arming_count = models.PositiveIntegerField(default=0, help_text="Of them, those still being brought to people.")
    # The moment of the call, by the clock of record: what was sent before it and what since is told apart by it.
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
        indexes = [
            models.Index(fields=("organization", "-id"), name="distribution_by_organization"),
            models.Index(fields=("id",), name="preparing_distributions", condition=Q(is_preparing=True)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    accepted_count__gte=F("skipped_count")
                    + F("registered_count")
                    + F("sent_count")
                    + F("failed_count")
                    + F("indeterminate_count")
                    + F("stopped_count")
                ),
                name="outcomes_never_exceed_what_was_accepted",
            ),
            models.CheckConstraint(
                condition=Q(reached_count__lte=F("accepted_count") - F("skipped_count")),
                name="no_more_are_reached_than_are_recipients",
            ),
            models.CheckConstraint(
                condition=Q(arming_count__lte=F("follow_up_count")), name="only_what_was_added_is_brought_to_people"
            ),
            models.CheckConstraint(
                condition=Q(recent_contact_days__gte=1, recent_contact_days__lte=365),
                name="recent_contact_days_are_1_to_365",
            ),
            models.CheckConstraint(
                condition=Q(deleted_at=None) | Q(cancelled_at__isnull=False), name="what_is_deleted_is_cancelled"
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(self.id)

    @property
    def recipient_count(self) -> int:
        return self.accepted_count - self.skipped_count

    @property
    def totals(self) -> dict[str, int]:
        """Every outcome; they sum to `accepted_count`.

        Once it is cancelled nobody waits, though it takes workers a moment to stop a million recipients one by one.
        """
        ended = self.sent_count + self.failed_count + self.indeterminate_count + self.stopped_count
        unended = self.recipient_count - self.registered_count - ended
        called_off = unended if self.cancelled_at else 0
        return {
            "sent": self.sent_count,
            "failed": self.failed_count,
            "indeterminate": self.indeterminate_count,
            "stopped": self.stopped_count + called_off,
            "waiting": unended - called_off,
            "registered": self.registered_count,
            "skipped": self.skipped_count,
        }

    def status_at(self, now: datetime) -> DistributionStatus:
        return distribution_status(
            self.waiting_count,
            self.scheduled_at,
            now,
            is_preparing=self.is_preparing,
            is_arming=self.arming_count > 0,
            paused_at=self.paused_at,
            cancelled_at=self.cancelled_at,
        )

    @property
    def waiting_count(self) -> int:
        return self.totals["waiting"]
