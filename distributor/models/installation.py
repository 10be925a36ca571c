"""This installation of Distributor."""

from django.db import models
from django.db.models import Q


class Installation(models.Model):
    """One row: a random code that tells this installation from others, for example in Message-IDs, its demo, and
    whether the database has forgotten hand-overs (engine/recovery).
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    code = models.CharField(max_length=10)
    demo = models.JSONField(
        null=True, editable=False, help_text="Ids of what seed_demo made, so that it makes nothing twice."
    )

    plain_ids_below = models.BigIntegerField(
        default=0,
        db_default=0,
        editable=False,
        help_text="Recipients with smaller ids are older than sealed ids, and keep their plain ones.",
    )
    recovering_since = models.DateTimeField(
        null=True, help_text="Since when nothing is sent because the database was restored. Empty: sending."
    )
    # Attempts of unknown outcome that began before the last gap was found are never resent without evidence.
    gap_found_at = models.DateTimeField(null=True)
    recovery = models.JSONField(null=True, help_text="What the last recovery found and did.")
    journal_failed_at = models.DateTimeField(null=True)
    journal_fault = models.CharField(max_length=255, blank=True, default="")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_installation_per_database")]

    def __str__(self) -> str:
        return self.code
