"""Event endpoints: where an organisation's events are sent, and what became of each request."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from channels.credentials import EncryptedJSONField
from contacts.ids import new_id
from contacts.models import Organization
from contacts.organization_boundary import KeepsOrganization
from distributor.rules.event_types import STREAMED

MAX_BATCH_SIZE = 100
STANDARD_FORMAT = "standard"


class EventEndpoint(models.Model):
    """A server of the organisation's that is sent its events, in order, each at least once.

    One worker at a time works on an endpoint: it claims it with a lease and a fence. `next_position` and `next_place`
    are the cursor: what was read up to there is delivered, or waits as an EventDelivery.

    While it fails as a whole (`failing_since`), only one request in a while tries it, at `retry_at`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="event_endpoints")
    name = models.CharField(max_length=255, help_text="For people, for example CRM.")
    url = models.CharField(
        max_length=2000, verbose_name="URL", help_text="Events are sent to it by POST. It must begin with https://."
    )
    types = ArrayField(
        models.CharField(max_length=31, choices=[(kind.value, kind.value) for kind in STREAMED]),
        default=list,
        blank=True,
        help_text="Only events of these types. Empty: all.",
    )
    survey_ids = ArrayField(
        models.UUIDField(), default=list, blank=True, help_text="Only events of these surveys. Empty: of all."
    )
    distribution_ids = ArrayField(
        models.UUIDField(), default=list, blank=True, help_text="Only events of these distributions. Empty: of all."
    )
    batch_size = models.PositiveSmallIntegerField(
        default=1, help_text="The most events in a request, 1 to 100. With more than 1, `data` of the body is a list."
    )
    format = models.CharField(
        max_length=31,
        default=STANDARD_FORMAT,
        db_default=STANDARD_FORMAT,
        editable=False,
        help_text="How requests are written: standard, or the name of the API by which the endpoint was made.",
    )
    topics = models.CharField(
        max_length=500, blank=True, db_default="", editable=False, help_text="What a subscription was made for."
    )
    # {"current": "whsec_…", "previous": "whsec_…", "previousUntil": "2026-03-05T08:00:00+00:00"}, then "previous2"…
    secrets = EncryptedJSONField()
    headers = EncryptedJSONField(help_text="Headers of your own that each request has, by name.")
    is_active = models.BooleanField(default=True, help_text="Whether events are sent to it.")
    disabled_because = models.CharField(
        max_length=255, blank=True, editable=False, help_text="Why it was switched off by itself."
    )
    disabled_at = models.DateTimeField(null=True, editable=False)
    next_position = models.BigIntegerField(default=0, editable=False)
    next_place = models.IntegerField(default=0, editable=False)
    # Events from before are never sent, unless they are replayed.
    starts_at = models.DateTimeField(editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)
    fence = models.BigIntegerField(default=0, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False, help_text="Requests that failed in a row.")
    failing_since = models.DateTimeField(null=True, editable=False)
    retry_at = models.DateTimeField(null=True, editable=False)
    last_error = models.CharField(max_length=255, blank=True, editable=False)
    last_delivered_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)
        indexes = [models.Index(fields=("organization", "-id"), name="endpoints_by_organization")]
        constraints = [
            models.CheckConstraint(
                condition=Q(batch_size__gte=1, batch_size__lte=MAX_BATCH_SIZE),
                name="batch_size_is_1_to_100",
                violation_error_message="A request carries 1 to 100 events.",
            ),
            models.CheckConstraint(
                condition=Q(disabled_at=None) | Q(is_active=False),
                name="what_was_disabled_is_not_active",
                violation_error_message="An endpoint that was disabled cannot be active. Switch it on again first.",
            ),
            KeepsOrganization(name="an_endpoint_keeps_its_organization"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def events_per_request(self) -> int:
        """Return the most events in a request: other formats than the standard one take one."""
        return self.batch_size if self.format == STANDARD_FORMAT else 1

    @property
    def state(self) -> str:
        """Return active, failing, disabled (by itself) or inactive."""
        if not self.is_active:
            return "disabled" if self.disabled_at is not None else "inactive"
        return "failing" if self.failing_since is not None else "active"


class DeliveryState(models.TextChoices):
    PENDING = "pending"  # waits for its next try, or for an earlier one of the same contact
    DELIVERED = "delivered"
    FAILED = "failed"  # was tried for 24 hours
    DISCARDED = "discarded"  # its events are kept no longer


class EventDelivery(models.Model):
    """A request to an endpoint: its events, by the ids of their bundles and their places, and the last answer.

    Without events it is a ping. The body is made of the events again whenever it is needed.
    """

    id = models.BigAutoField(primary_key=True)
    endpoint = models.ForeignKey(EventEndpoint, models.CASCADE, related_name="deliveries", db_index=False)
    message_id = models.CharField(max_length=31, help_text="The `webhook-id` of the request.")
    bundle_ids = ArrayField(models.BigIntegerField(), default=list)
    places = ArrayField(models.IntegerField(), default=list)
    # Later events of the same contacts wait behind it.
    contact_ids = ArrayField(models.UUIDField(), default=list)
    types = ArrayField(models.CharField(max_length=31), default=list)
    state = models.CharField(max_length=9, choices=DeliveryState)
    tries = models.PositiveSmallIntegerField(default=0)
    status = models.PositiveSmallIntegerField(null=True, help_text="The status of the last answer. Empty: none came.")
    answer = models.CharField(max_length=1_000, blank=True, help_text="The beginning of the last answer, unless 2xx.")
    error = models.CharField(max_length=255, blank=True, help_text="Why there is no answer, or why it is none.")
    duration_ms = models.PositiveIntegerField(null=True, help_text="How long the last try took.")
    created_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "event deliveries"
        indexes = [
            models.Index(fields=("endpoint", "-id"), name="deliveries_of_an_endpoint"),
            models.Index(fields=("endpoint", "id"), name="pending_deliveries", condition=Q(state="pending")),
            # Few rows: an answer may quote a person, whom an erasure looks for.
            models.Index(fields=("endpoint",), name="deliveries_with_answers", condition=~Q(answer="")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="pending", due_at__isnull=False) | ~Q(state="pending") & Q(due_at=None),
                name="what_is_pending_is_due_some_time",
            ),
            models.CheckConstraint(
                condition=Q(bundle_ids__len=F("places__len")), name="each_event_has_its_bundle_and_place"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message_id}: {self.state}"


class EventReplay(models.Model):
    """A request to send an endpoint the events of a period again, behind everything that is new."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    endpoint = models.ForeignKey(EventEndpoint, models.CASCADE, related_name="replays")
    since = models.DateTimeField()
    before = models.DateTimeField()
    types = ArrayField(models.CharField(max_length=31), default=list)
    next_position = models.BigIntegerField(default=0)
    next_place = models.IntegerField(default=0)
    event_count = models.PositiveIntegerField(default=0, help_text="How many events it has sent so far.")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        constraints = [models.CheckConstraint(condition=Q(since__lt=F("before")), name="a_replay_ends_after_it_begins")]

    def __str__(self) -> str:
        return f"{self.since:%Y-%m-%d %H:%M} to {self.before:%Y-%m-%d %H:%M}"
