"""Steps of a distribution: invitations, reminders and thank-yous."""

from django.db import models
from django.db.models import Q

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.ids import new_id
from contacts.models import Contact
from contacts.organization_boundary import SameOrganization
from distributor.models.distribution import Distribution
from distributor.rules.journey.chain import StepKind
from distributor.rules.phrases import name_step

STEP_KINDS = [(kind.value, kind.value.replace("_", "-")) for kind in StepKind]


class Step(models.Model):
    """A message of a distribution: its channel, provider account and template.

    Steps are ordered by `position`: invitations, then reminders, then thank-yous, each by priority with the lowest
    number first. Steps that were added later follow in the order in which they were added.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    distribution = models.ForeignKey(Distribution, models.CASCADE, related_name="steps")
    position = models.PositiveIntegerField()
    priority = models.PositiveSmallIntegerField(
        default=1, help_text="From 1 to 10. Among steps of a kind, the lowest number goes first."
    )
    kind = models.CharField(max_length=10, choices=STEP_KINDS, default=StepKind.INVITATION)
    channel = models.CharField(max_length=8, choices=Channel)
    provider_account = models.ForeignKey(ProviderAccount, models.PROTECT, related_name="+")
    template = models.ForeignKey(Template, models.PROTECT, related_name="+")
    from_email = models.CharField(max_length=254, blank=True)
    from_name = models.CharField(max_length=255, blank=True)
    reply_to_email = models.CharField(max_length=254, blank=True)
    has_fixed_split = models.BooleanField(
        db_default=False,
        help_text="Whether accounts with weights share the messages by the weights alone, whatever comes of them.",
    )
    subject = models.CharField(
        max_length=255, blank=True, help_text="The e-mail subject; may contain placeholders. Empty: the template's."
    )
    subject_source_id = models.UUIDField(
        null=True, blank=True, editable=False, help_text="The template whose subject the call asked for."
    )
    fallback_delay_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Minutes without a response before the next invitation is sent, for example 1440 for a day. "
        "Empty: the next invitation is sent only if this one fails.",
    )
    delay_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="For a reminder, minutes after the last message. For a thank-you, minutes after the response.",
    )
    # Only steps added to an existing distribution (models/follow_up.py) have these: a time instead of a delay, and a
    # contact if the step is for one person only.
    scheduled_at = models.DateTimeField(
        null=True, blank=True, help_text="When a step that was added later is sent. Empty: after its delay."
    )
    contact = models.ForeignKey(
        Contact,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="The only person the step is for. Empty: everybody.",
    )

    class Meta:
        ordering = ("position",)
        constraints = [
            models.UniqueConstraint(fields=("distribution", "position"), name="one_step_per_position"),
            models.CheckConstraint(condition=Q(priority__gte=1, priority__lte=10), name="priority_is_1_to_10"),
            models.CheckConstraint(
                condition=Q(kind=StepKind.INVITATION, delay_minutes=None, scheduled_at=None)
                | ~Q(kind=StepKind.INVITATION)
                & Q(fallback_delay_minutes=None)
                & (
                    Q(delay_minutes__isnull=False, scheduled_at=None)
                    | Q(delay_minutes=None, scheduled_at__isnull=False)
                ),
                name="invitations_fall_back_and_others_have_a_delay_or_a_moment",
            ),
            models.CheckConstraint(
                condition=~Q(kind=StepKind.REMINDER) | Q(delay_minutes=None) | Q(delay_minutes__gt=0),
                name="a_reminders_delay_is_above_zero",
            ),
            models.CheckConstraint(
                condition=Q(contact=None) | Q(scheduled_at__isnull=False), name="one_persons_step_has_a_moment"
            ),
            SameOrganization(
                paths=("distribution", "provider_account", "template", "contact"),
                name="step_and_what_it_uses_are_of_one_organization",
            ),
        ]
        indexes = [models.Index(fields=("distribution", "contact"), name="steps_by_distribution_and_whom")]

    def __str__(self) -> str:
        return f"{self.position + 1}. {self.described}"

    @property
    def described(self) -> str:
        """Return the channel, with the kind unless it is an invitation."""
        return name_step(self.kind, self.channel)
