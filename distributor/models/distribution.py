"""Distributions: one accepted call to send a survey."""

from datetime import datetime

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from contacts.ids import new_id
from contacts.models import ApiKey, MailingList, Organization
from contacts.models.api_key import KeyKind
from contacts.organization_boundary import KeepsOrganization, SameOrganizationKey
from distributor.models.survey import Survey
from distributor.rules.journey.chain import StopsOn
from distributor.rules.journey.distribution_status import DistributionStatus, distribution_status
from distributor.rules.requests import LinkType
from distributor.rules.timing.throttle import ThrottlePolicy

LINK_TYPES = [(kind.value, kind.value.replace("_", "-")) for kind in LinkType]
STOPS_ON = [(condition.value, condition.value) for condition in StopsOn]
THROTTLE_POLICIES = [(policy.value, policy.value) for policy in ThrottlePolicy]


class ChannelMode(models.TextChoices):
    SINGLE = "single", "single: the first channel that reaches the contact"
    MULTI = "multi", "multi: also the next channel when one fails or brings no response"


class Distribution(models.Model):
    """A survey sent to an audience, with its settings, its switches and its counts.

    Each accepted contact is counted once: as skipped, registered, sent, failed, indeterminate or stopped, or else it
    is waiting. Recipients who were sent to and wait for a fallback, reminder or thank-you count as waiting. Counts
    change in the transaction that moves the recipients.

    While `is_preparing`, workers are still turning the audience into recipients (models/expansion.py), and
    `accepted_count` grows.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="distributions")
    # These are constrained together with the organisation.
    survey = models.ForeignKey(
        Survey, models.PROTECT, related_name="distributions", db_index=False, db_constraint=False
    )
    mailing_list = models.ForeignKey(
        MailingList, models.SET_NULL, null=True, related_name="distributions", db_constraint=False
    )
    api_key = models.ForeignKey(
        ApiKey, models.SET_NULL, null=True, related_name="+", db_index=False, db_constraint=False
    )
    key_kind = models.CharField(
        max_length=4,
        choices=KeyKind,
        default=KeyKind.LIVE,
        db_default=KeyKind.LIVE,
        help_text="The kind of the API key that made it: test distributions go to the sandbox, and are sent to nobody.",
    )
    source = models.CharField(max_length=31, help_text="The API dialect of the call, such as native or quick.")
    # Laid over what is known of each contact, and under what the call gave for one recipient.
    attributes = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="Data that the call gave for every recipient, used in texts as ${contact:key}.",
    )
    idempotency_key = models.UUIDField(
        null=True, editable=False, help_text="The key of the operator's form that made it, which is sent once."
    )
    name = models.CharField(max_length=255, blank=True)
    mode = models.CharField(max_length=6, choices=ChannelMode, default=ChannelMode.SINGLE)
    scheduled_at = models.DateTimeField(null=True, blank=True, help_text="When to start sending. Empty: at once.")
    not_after = models.DateTimeField(
        null=True, blank=True, help_text="Recipients not sent to by this time are never sent to. Empty: no limit."
    )
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="From this time on nothing is sent and links are closed. Empty: never."
    )
    is_preparing = models.BooleanField(
        db_default=False, help_text="Whether the audience is still being turned into recipients."
    )
    paused_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When it was deleted over the API, which cancels and hides it.",
    )

    stops_on = models.CharField(
        max_length=9,
        choices=STOPS_ON,
        default=StopsOn.RESPONSE,
        help_text="What ends the fallbacks to further channels, besides a response, which always does.",
    )
    link_type = models.CharField(max_length=9, choices=LINK_TYPES, default=LinkType.ONE_TIME)
    throttle_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="The least minutes between two sends of the survey to a contact, for example 1440. Empty: none.",
    )
    throttle_policy = models.CharField(
        max_length=6,
        choices=THROTTLE_POLICIES,
        default=ThrottlePolicy.DEFER,
        help_text="For contacts sent the survey too recently: defer sends later, skip leaves them out, "
        "reject refuses the call.",
    )

    exclude_opted_out = models.BooleanField(default=True)
    respect_frequency_rules = models.BooleanField(default=True)
    exclude_recently_contacted = models.BooleanField(default=False)
    recent_contact_days = models.PositiveSmallIntegerField(default=30)

    accepted_count = models.PositiveIntegerField(default=0)
    skipped_count = models.PositiveIntegerField(default=0)
    registered_count = models.PositiveIntegerField(
        default=0, help_text="Recipients who only got a link: nothing is sent to them."
    )
    sent_count = models.PositiveIntegerField(default=0)
    failed_count = models.PositiveIntegerField(default=0)
    indeterminate_count = models.PositiveIntegerField(default=0)
    stopped_count = models.PositiveIntegerField(default=0)
    # Not part of the sum: what happened to recipients who were sent to.
    reached_count = models.PositiveIntegerField(
        default=0,
        help_text="Recipients with at least one message that counts as sent, even if they wait for another one.",
    )
    opened_count = models.PositiveIntegerField(default=0)
    responded_count = models.PositiveIntegerField(default=0)
    duplicate_risk_count = models.PositiveIntegerField(
        default=0,
        help_text="Messages sent again because the first attempt's outcome was unknown. Each may have arrived twice.",
    )
    # A worker that begins a batch compares it with the steps it knows, and reads them again if some were added.
    follow_up_count = models.PositiveIntegerField(
        default=0, help_text="Reminders and thank-yous added to the distribution after it was accepted."
    )
    arming_count = models.PositiveIntegerField(
        default=0, help_text="How many of the added steps are still being assigned to recipients."
    )
    running_retry_count = models.PositiveIntegerField(
        default=0, help_text="How many manual retries are still being carried out."
    )
    # Workers continue the trace of the call (engine/infrastructure/tracing.py). Empty: it was not traced.
    traceparent = models.CharField(max_length=55, blank=True, default="", db_default="", editable=False)
    # The time of the call by the database's clock. The throttle compares sends before and after it.
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
        indexes = [
            models.Index(fields=("organization", "-id"), name="distribution_by_organization"),
            models.Index(fields=("survey", "id"), name="distributions_of_a_survey"),
            # Groups of three letters: finds a part of a name. Calls that give no name add nothing to it.
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="distributions_by_part", condition=~Q(name="")),
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
            models.UniqueConstraint(
                fields=("organization", "idempotency_key"),
                name="one_distribution_per_form",
                condition=Q(idempotency_key__isnull=False),
            ),
            KeepsOrganization(name="a_distribution_keeps_its_organization"),
            SameOrganizationKey(field="survey", name="distribution_and_survey_are_of_one_organization"),
            SameOrganizationKey(field="mailing_list", name="distribution_and_list_are_of_one_organization"),
            SameOrganizationKey(field="api_key", name="distribution_and_api_key_are_of_one_organization"),
        ]

    def __str__(self) -> str:
        return self.name or str(self.id)

    @property
    def is_test(self) -> bool:
        """Whether its messages go to the sandbox."""
        return self.key_kind == KeyKind.TEST

    @property
    def marked_key_kind(self) -> str | None:
        """Return “test” or “team”; None for a live key, which needs no mark."""
        return None if self.key_kind == KeyKind.LIVE else self.key_kind

    @property
    def recipient_count(self) -> int:
        return self.accepted_count - self.skipped_count

    @property
    def totals(self) -> dict[str, int]:
        """Return the count of every outcome. They sum to `accepted_count`.

        Recipients of a cancelled distribution count as stopped at once, though workers take a while to stop a million.
        """
        ended = self.sent_count + self.failed_count + self.indeterminate_count + self.stopped_count
        unended = self.recipient_count - self.registered_count - ended
        cancelled = unended if self.cancelled_at else 0
        return {
            "sent": self.sent_count,
            "failed": self.failed_count,
            "indeterminate": self.indeterminate_count,
            "stopped": self.stopped_count + cancelled,
            "waiting": unended - cancelled,
            "registered": self.registered_count,
            "skipped": self.skipped_count,
        }

    @property
    def progress(self) -> dict[str, int]:
        """Return how many contacts are how far, as people mean it: who has a message is reached, and waits no more.

        They sum to `accepted_count`.
        """
        ended = self.failed_count + self.indeterminate_count
        untried = max(self.recipient_count - self.registered_count - self.reached_count - ended - self.stopped_count, 0)
        cancelled = untried if self.cancelled_at else 0
        return {
            "reached": self.reached_count,
            "failed": self.failed_count,
            "indeterminate": self.indeterminate_count,
            "stopped": self.stopped_count + cancelled,
            "waiting": untried - cancelled,
            "registered": self.registered_count,
            "skipped": self.skipped_count,
        }

    def status_at(self, now: datetime) -> DistributionStatus:
        return distribution_status(
            self.waiting_count,
            self.scheduled_at,
            now,
            is_preparing=self.is_preparing,
            is_arming=self.arming_count > 0 or self.running_retry_count > 0,
            paused_at=self.paused_at,
            cancelled_at=self.cancelled_at,
        )

    @property
    def waiting_count(self) -> int:
        return self.totals["waiting"]
