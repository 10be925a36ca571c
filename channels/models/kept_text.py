"""Texts of templates that messages may have been sent with."""

from hashlib import sha256
from uuid import UUID

from django.db import models

from channels.models.template import Template


class KeptText(models.Model):
    """A variant's texts as they are or once were. A trigger of the variants writes a row for each (decision 46).

    Attempts name it by `key`, so that an operator reads a message as it was sent, whatever became of its template.
    """

    key = models.UUIDField(primary_key=True)
    template = models.ForeignKey(Template, models.CASCADE, related_name="kept_texts")
    locale = models.CharField(max_length=35)
    subject = models.CharField(max_length=255, blank=True)
    html = models.TextField(blank=True)
    text = models.TextField()
    kept_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.template_id} [{self.locale}] of {self.kept_at:%Y-%m-%d %H:%M}"


def key_of_text(template_id: UUID, locale: str, subject: str, html: str, text: str) -> UUID:
    """Return the key of a variant's texts, as the trigger computes it (migration 0040)."""
    parts = (str(template_id), locale, subject, html, text)
    return UUID(bytes=sha256("\0".join(parts).encode()).digest()[:16])
