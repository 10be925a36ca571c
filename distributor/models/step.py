"""One rung of a distribution's channel chain."""

from django.db import models
from django.db.models import Q

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.ids import new_id
from distributor.models.distribution import Distribution


class Step(models.Model):
    """A channel with its provider and template. Steps are tried by position: the lowest priority number first."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    distribution = models.ForeignKey(Distribution, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    priority = models.PositiveSmallIntegerField(default=1)
    channel = models.CharField(max_length=8, choices=Channel)
    provider_account = models.ForeignKey(ProviderAccount, models.PROTECT, related_name="+")
    template = models.ForeignKey(Template, models.PROTECT, related_name="+")
    from_email = models.CharField(max_length=254, blank=True)
    from_name = models.CharField(max_length=255, blank=True)
    reply_to_email = models.CharField(max_length=254, blank=True)
    fallback_delay_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="Without a response for so long: the next step. Empty: only if this one fails."
    )

    class Meta:
        ordering = ("position",)
        constraints = [
            models.UniqueConstraint(fields=("distribution", "position"), name="one_step_per_position"),
            models.CheckConstraint(condition=Q(priority__gte=1, priority__lte=10), name="priority_is_1_to_10"),
        ]

    def __str__(self) -> str:
        return f"{self.position + 1}. {self.channel}"
