"""Who carries a step's messages, where more than one account may."""

from django.db import models
from django.db.models import Q

from channels.models import ProviderAccount
from distributor.models.step import Step


class StepAccount(models.Model):
    """One of several provider accounts that a request named for a step; the first is the step's own.

    All of a step's have a weight (they share the messages) or none has (the next stands in for the one before).
    """

    id = models.BigAutoField(primary_key=True)
    step = models.ForeignKey(Step, models.CASCADE, related_name="accounts")
    provider_account = models.ForeignKey(ProviderAccount, models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()
    weight = models.PositiveSmallIntegerField(null=True)

    class Meta:
        ordering = ("position",)
        constraints = [
            models.UniqueConstraint(fields=("step", "position"), name="one_account_per_position_of_a_step"),
            models.UniqueConstraint(fields=("step", "provider_account"), name="an_account_serves_a_step_once"),
            models.CheckConstraint(condition=Q(weight=None) | Q(weight__gt=0), name="a_weight_is_above_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.position + 1}. {self.provider_account}"
