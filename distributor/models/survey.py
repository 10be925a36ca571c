"""What is sent."""

from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import models

from contacts.ids import new_id
from contacts.models import Organization


class Survey(models.Model):
    """A survey: a place that a personal link leads to, or the built-in one-question page."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="surveys")
    name = models.CharField(max_length=255)
    default_locale = models.CharField(max_length=35, default="en")
    target_url = models.URLField(
        max_length=2000,
        blank=True,
        help_text="Where a link leads, with ?code=… added; its host must be on the organisation's list. "
        "Empty: the built-in question (0–10 and a comment).",
    )
    question = models.CharField(
        max_length=500, blank=True, help_text="The built-in page's question. Empty: how likely one is to recommend."
    )
    throttle_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="To the same contact again: not sooner. Empty: the organisation's rule. 0: none.",
    )
    thank_you_message = models.TextField(blank=True)
    thank_you_link_text = models.CharField(max_length=255, blank=True)
    thank_you_link_url = models.URLField(max_length=2000, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def target_is_allowed(self) -> bool:
        """Whether the organisation lets links lead to this survey's host."""
        return urlsplit(self.target_url).hostname in self.organization.allowed_redirect_hosts

    def clean(self) -> None:
        if self.target_url and self.organization_id and not self.target_is_allowed:
            raise ValidationError({"target_url": "This host is not among the organisation's allowed redirect hosts."})
