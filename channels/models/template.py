"""The texts of messages, per channel and locale."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from channels.models.defaults import default_faults
from channels.rendering import unknown_placeholders
from contacts.channel import Channel
from contacts.ids import new_id
from contacts.models import Organization


class OnMissingValue(models.TextChoices):
    """What happens to a message with a placeholder that has neither a value nor a default."""

    SEND = "send", "send it with the gap"
    WARN = "warn", "send it, and log a warning"
    REFUSE = "refuse", "do not send it"


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
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(
                fields=("organization", "channel"),
                name="one_default_template_per_channel",
                condition=Q(is_default=True),
            )
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
