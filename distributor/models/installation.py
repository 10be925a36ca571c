"""This installation of Distributor."""

from django.db import models
from django.db.models import Q


class Installation(models.Model):
    """One row: a random code that tells this installation from others, for example in Message-IDs, and its demo."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    code = models.CharField(max_length=10)
    demo = models.JSONField(
        null=True, editable=False, help_text="Ids of what seed_demo made, so that it makes nothing twice."
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_installation_per_database")]

    def __str__(self) -> str:
        return self.code
