"""Surveys."""

from typing import Any, Final
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import models

from channels.locales import choose_locale
from contacts.ids import new_id
from contacts.models import Organization
from contacts.organization_boundary import KeepsOrganization, OrganizationKey

TEXT_NAMES: Final = (
    "question",
    "low_end",
    "high_end",
    "thank_you_message",
    "thank_you_link_text",
    "thank_you_link_url",
)


def validate_texts(texts: Any) -> None:
    """Refuse anything but texts of the known names, by locale."""
    is_valid = isinstance(texts, dict) and all(
        isinstance(of_locale, dict)
        and of_locale.keys() <= set(TEXT_NAMES)
        and all(isinstance(text, str) for text in of_locale.values())
        for of_locale in texts.values()
    )
    if not is_valid:
        raise ValidationError(f"Give texts by locale and name. The names are {', '.join(TEXT_NAMES)}.")


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
    texts = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="The texts in other languages, by locale: question, low_end and high_end (at 0 and 10), "
        "thank_you_message, thank_you_link_text, thank_you_link_url. For example "
        '{"pl": {"question": "Czy było czysto?", "low_end": "0 – nie", "high_end": "10 – tak"}}.',
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints = [
            OrganizationKey(name="survey_with_its_organization"),
            KeepsOrganization(name="a_survey_keeps_its_organization"),
        ]

    def __str__(self) -> str:
        return self.name

    def texts_for(self, locale: str) -> dict[str, str]:
        """Return the texts of the pages for a reader's locale, by the names in TEXT_NAMES; "" where there is none."""
        own = {name: getattr(self, name, "") for name in TEXT_NAMES}
        if not self.texts:
            return own
        available = list(dict.fromkeys([*self.texts, self.default_locale]))
        chosen = self.texts.get(choose_locale(locale, available, self.default_locale), {})
        return {name: chosen.get(name) or text for name, text in own.items()}

    @property
    def target_is_allowed(self) -> bool:
        """Whether the host of `target_url` is among the organisation's allowed redirect hosts."""
        return urlsplit(self.target_url).hostname in self.organization.allowed_redirect_hosts

    def clean(self) -> None:
        try:
            validate_texts(self.texts)
        except ValidationError as error:
            raise ValidationError({"texts": error.messages}) from error
        if self.target_url and self.organization_id and not self.target_is_allowed:
            raise ValidationError({"target_url": "This host is not among the organisation's allowed redirect hosts."})
