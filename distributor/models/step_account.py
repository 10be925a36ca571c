"""Provider accounts of steps that name several."""

from django.db import models
from django.db.models import Q

from channels.models import ProviderAccount
from contacts.organization_boundary import SameOrganization
from distributor.models.step import Step


class StepAccount(models.Model):
    """One of several provider accounts that a request names for a step. The first is also the step's own account.

    Either all of a step's accounts have a weight and share the messages, or none has, and each is a stand-in for those
    before it.
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
            SameOrganization(
                paths=("step__distribution", "provider_account"),
                name="step_and_further_accounts_are_of_one_organization",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position + 1}. {self.provider_account}"
