"""One recipient, one row, one journey."""

from django.db import models
from django.db.models import Q

from contacts.models import Contact
from distributor.models.batch import Batch
from distributor.models.distribution import Distribution


class RecipientState(models.TextChoices):
    REGISTERED = "registered"  # has a link and is not sent to by us
    WAITING = "waiting"  # in a batch; in flight is: named by an unsettled hand-over
    FINISHED = "finished"  # ended as `outcome` says
    STOPPED = "stopped"  # will not be sent to, for `reason`


class RecipientOutcome(models.TextChoices):
    SENT = "sent"
    FAILED = "failed"
    INDETERMINATE = "indeterminate"  # may have been sent; nobody can tell


class Recipient(models.Model):
    """A contact in a distribution: its link, the batch it waits in, what became of it.

    No index holds anything that a send changes, and the table is filled to half (migration 0001), so that a settled
    row stays on its page (a HOT update): 80,000 to 107,000 rows/s against 44,000 to 53,000.
    """

    id = models.BigAutoField(primary_key=True)
    distribution = models.ForeignKey(
        Distribution, models.CASCADE, related_name="recipients", db_constraint=False, db_index=False
    )
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="journeys", db_index=False)
    code = models.CharField(max_length=12, help_text="The public name: /p/{code}.")
    # Where it waits, or last waited; of who is only registered, a batch that is done. It changes only with a new
    # batch: a plain send leaves every index alone.
    batch = models.ForeignKey(Batch, models.DO_NOTHING, related_name="recipients", db_constraint=False)
    state = models.CharField(max_length=10, choices=RecipientState, default=RecipientState.WAITING)
    outcome = models.CharField(max_length=13, choices=RecipientOutcome, blank=True)
    reason = models.CharField(max_length=31, blank=True)
    attributes = models.JSONField(default=dict, help_text="The embedded data given in this call.")
    locale = models.CharField(max_length=35, blank=True)
    # NULL, of nearly all: the template's and the survey's own words.
    wording = models.JSONField(null=True, blank=True, help_text="Texts of its own: subject, intro and thanks.")
    # What its call gave as the last send of this survey: the throttle's baseline instead of our record.
    baseline_sent_at = models.DateTimeField(null=True)
    attempt_count = models.PositiveSmallIntegerField(default=0)
    first_sent_at = models.DateTimeField(null=True)
    first_opened_at = models.DateTimeField(null=True)
    responded_at = models.DateTimeField(null=True)
    # Told, or answered, while a try was with the provider: whoever settles that try finds this mark and looks again.
    has_early_events = models.BooleanField(db_default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("code",), name="one_recipient_per_code"),
            models.UniqueConstraint(
                fields=("contact", "distribution"), name="one_recipient_per_contact_and_distribution"
            ),
            models.CheckConstraint(
                condition=Q(state=RecipientState.FINISHED) & ~Q(outcome="")
                | ~Q(state=RecipientState.FINISHED) & Q(outcome=""),
                name="who_finished_has_an_outcome",
            ),
            models.CheckConstraint(
                condition=~Q(state=RecipientState.STOPPED) | ~Q(reason=""), name="who_was_stopped_has_a_reason"
            ),
        ]
        indexes = [models.Index(fields=("distribution", "id"), name="recipients_of_a_distribution")]

    def __str__(self) -> str:
        return self.code
