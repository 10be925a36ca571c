"""What a template said, from each change to the next."""

from django.db import models

from channels.models.template import Template
from contacts.ids import new_id


class TemplateVersion(models.Model):
    """All texts of a template as they were saved once. Rows are only added, never changed (decision 47).

    Messages have the texts of the version that was the latest when they left.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    template = models.ForeignKey(Template, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(help_text="1, 2, 3, …: the order in which they were saved.")
    texts = models.JSONField(
        help_text='By locale, for example {"en": {"subject": "Your stay", "html": "", "text": "${link}"}}.'
    )
    saved_at = models.DateTimeField()
    saved_by = models.CharField(
        max_length=255, blank=True, help_text="A user's name or an API key's. Empty: before versions were kept."
    )
    restored_from = models.PositiveIntegerField(
        null=True, blank=True, help_text="The number of the version whose texts these are. Empty: they are new."
    )

    class Meta:
        ordering = ("-number",)
        constraints = [
            models.UniqueConstraint(fields=("template", "number"), name="one_version_per_template_and_number")
        ]

    def __str__(self) -> str:
        return f"{self.template} v{self.number}"
