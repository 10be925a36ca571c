"""Keys of the programs that call the API."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models

from contacts.ids import new_id
from contacts.models.organization import Organization
from contacts.organization_boundary import KeepsOrganization, OrganizationKey


class Scope(models.TextChoices):
    SEND = "send", "send: create distributions, report responses"
    READ = "read", "read: distributions, recipients, links, sandbox"
    MANAGE = "manage", "manage: surveys, providers, templates, contacts"


class KeyKind(models.TextChoices):
    LIVE = "live", "live: sends to everybody"
    TEAM = "team", "team: sends only to the organisation's team; others are skipped"
    TEST = "test", "test: sends nothing; messages go to the sandbox"


class ApiKey(models.Model):
    """An API key. Only its prefix and a hash are stored; the key itself is shown once (see contacts/api_keys.py)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=255, help_text="The system that uses the key, for example “HIS production”.")
    prefix = models.CharField(max_length=8, unique=True, editable=False)
    secret_hash = models.BinaryField(max_length=32, editable=False)
    kind = models.CharField(
        max_length=4,
        choices=KeyKind,
        default=KeyKind.LIVE,
        db_default=KeyKind.LIVE,
        help_text="Which people distributions of this key are sent to. It cannot be changed.",
    )
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope))
    requests_per_minute = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Requests that the key may make a minute, for example 600. Empty: this installation's default.",
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, editable=False, help_text="Updated at most once a minute.")
    created_at = models.DateTimeField(auto_now_add=True)

    # PostgreSQL's time at which contacts/api_keys.py read the row for a call. It is not stored.
    read_at: datetime

    class Meta:
        ordering = ("-created_at",)
        verbose_name = "API key"
        constraints = [
            OrganizationKey(name="api_key_with_its_organization"),
            KeepsOrganization(name="an_api_key_keeps_its_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.name} (dk_{self.prefix}_…)"

    def is_usable(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)
