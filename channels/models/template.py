"""The texts of messages, per channel and locale."""

from typing import Final

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from channels.models.defaults import default_faults
from channels.rendering import unknown_placeholders
from contacts.channel import Channel
from contacts.ids import new_id
from contacts.models import Organization
from contacts.organization_boundary import KeepsOrganization

MAX_TEXT_LENGTH: Final = 200_000  # mail programs cut an e-mail off at about half of it


class OnMissingValue(models.TextChoices):
    """What happens to a message with a placeholder that has neither a value nor a default."""

    SEND = "send", "send it with the gap"
    WARN = "warn", "send it, and log a warning"
    REFUSE = "refuse", "do not send it"


class Purpose(models.TextChoices):
    """What a template is for, as the caller who made it said. Steps may use any."""

    INVITATION = "invitation"
    REMINDER = "reminder"
    THANK_YOU = "thank_you"
    OTHER = "other"


class NamedTemplates(models.Manager["Template"]):
    """Templates that people made and may choose. Those that sends made for their own texts are left out."""

    def get_queryset(self) -> models.QuerySet["Template"]:
        return super().get_queryset().filter(text_key=None)


class Template(models.Model):
    """A message for one channel, with one variant per locale."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="templates")
    name = models.CharField(max_length=255)
    channel = models.CharField(max_length=8, choices=Channel)
    is_default = models.BooleanField(
        default=False, help_text="Used when a call names a channel but no template. At most one per channel."
    )
    on_missing_value = models.CharField(
        max_length=6,
        choices=OnMissingValue,
        default=OnMissingValue.SEND,
        db_default=OnMissingValue.SEND.value,
        help_text="What happens to a message with a placeholder that has neither a value nor a default, for example "
        "${contact:firstName} for a contact without a first name.",
    )
    purpose = models.CharField(
        max_length=10,
        choices=Purpose,
        blank=True,
        db_default="",
        default="",
        editable=False,
        help_text="Empty: unsaid.",
    )
    text_key = models.UUIDField(
        null=True,
        blank=True,
        editable=False,
        help_text="The key of the texts, if a send made it for its own texts. Empty: people made it.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = NamedTemplates()
    with_automatic = models.Manager["Template"]()

    class Meta:
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(
                fields=("organization", "channel"),
                name="one_default_template_per_channel",
                violation_error_message="This channel already has another default template. Untick that one first.",
                condition=Q(is_default=True),
            ),
            models.UniqueConstraint(
                fields=("organization", "channel", "text_key"),
                name="one_automatic_template_per_text",
                condition=Q(text_key__isnull=False),
            ),
            KeepsOrganization(name="a_template_keeps_its_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.channel})"

    def clean(self) -> None:
        """Refuse a second default of the channel."""
        if faults := default_faults(self, Template.objects):
            raise ValidationError({"is_default": faults})


class TemplateVariant(models.Model):
    """The texts of a template in one locale; see channels/rendering.py for the placeholders."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    template = models.ForeignKey(Template, models.CASCADE, related_name="variants")
    locale = models.CharField(max_length=35, help_text="BCP 47, for example en, pl or zh-CN.")
    subject = models.CharField(
        max_length=255,
        blank=True,
        help_text="E-mail only. One line, for example: How was your visit, ${contact:firstName|friend}?",
    )
    html = models.TextField(blank=True, help_text="E-mail only. Values in placeholders are HTML-escaped.")
    text = models.TextField(
        help_text="SMS and WhatsApp: the message. E-mail: the plain-text part. Use ${link} for the recipient's link."
    )

    class Meta:
        ordering = ("locale",)
        constraints = [
            models.UniqueConstraint(fields=("template", "locale"), name="one_variant_per_template_and_locale")
        ]

    def __str__(self) -> str:
        return f"{self.template} [{self.locale}]"

    def clean(self) -> None:
        """Refuse unknown placeholders, and line breaks in the subject."""
        faults: dict[str, list[str]] = {}
        for name in ("subject", "html", "text"):
            unknown = unknown_placeholders(getattr(self, name))
            if unknown:
                faults[name] = [f"Unknown placeholder {placeholder}" for placeholder in unknown]
        if any(character in self.subject for character in "\r\n\0"):
            faults.setdefault("subject", []).append("The subject must be one line.")
        if faults:
            raise ValidationError(faults)
