"""Surveys."""

from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import models

from contacts.ids import new_id
from contacts.models import Organization


class Survey(models.Model):
    """A survey: a URL that personal links lead to, or the built-in page with one question."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="surveys")
    name = models.CharField(max_length=255)
    default_locale = models.CharField(
        max_length=35, default="en", help_text="For recipients of unknown language. BCP 47, for example pt-BR."
    )
    target_url = models.URLField(
        max_length=2000,
        blank=True,
        help_text="Where personal links lead, for example https://survey.example/visit; ?code=… is added. The host "
        "must be one of the organisation's allowed redirect hosts. Empty: the built-in page (0–10 and a comment).",
    )
    question = models.CharField(
        max_length=500,
        blank=True,
        help_text="The question on the built-in page. Empty: how likely the person is to recommend us.",
    )
    throttle_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="The least minutes between two sends of this survey to a contact, for example 1440 for a day. "
        "Empty: the organisation's rule. 0: no limit.",
    )
    thank_you_message = models.TextField(blank=True, help_text="Shown after a response. Empty: a standard text.")
    thank_you_link_text = models.CharField(
        max_length=255, blank=True, help_text="The label of the link below the message, for example Back to our shop."
    )
    thank_you_link_url = models.URLField(
        max_length=2000, blank=True, help_text="Where that link leads. Empty: no link."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def target_is_allowed(self) -> bool:
        """Whether the host of `target_url` is among the organisation's allowed redirect hosts."""
        return urlsplit(self.target_url).hostname in self.organization.allowed_redirect_hosts

    def clean(self) -> None:
        if self.target_url and self.organization_id and not self.target_is_allowed:
            raise ValidationError({"target_url": "This host is not among the organisation's allowed redirect hosts."})
