"""The audit log: who changed what, and when."""

from django.db import models


class ActorKind(models.TextChoices):
    API_KEY = "api_key", "API key"
    USER = "user", "user"
    SYSTEM = "system", "system"
    COMMAND_LINE = "cli", "command line"


class AuditEntry(models.Model):
    """One thing that somebody did. Append-only: a database trigger refuses changes, and deletions but by retention.

    It refers to rows by their ids, without foreign keys, so it outlives them. It holds no secrets, no texts of messages
    and no addresses or names of contacts: `changes` has the values of settings, and of other fields only that they
    changed.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    organization_id = models.UUIDField(null=True, help_text="Empty: it is about the whole installation.")
    actor_kind = models.CharField(max_length=7, choices=ActorKind)
    actor_id = models.CharField(max_length=36, blank=True)
    actor_name = models.CharField(
        max_length=255,
        blank=True,
        help_text="The key's name and prefix, the user's, or the user's of the operating system.",
    )
    action = models.CharField(max_length=31, help_text="What was done, for example changed, erased or key_minted.")
    object_type = models.CharField(max_length=63, blank=True, help_text="For example template or contact.")
    object_id = models.CharField(max_length=63, blank=True)
    changes = models.JSONField(default=dict, help_text="By field: the values before and after.")
    request_id = models.CharField(max_length=128, blank=True)

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "audit log"
        indexes = [
            models.Index(fields=("organization_id", "-id"), name="audit_of_an_organization"),
            models.Index(fields=("object_id", "-id"), name="audit_of_an_object"),
            models.Index(fields=("actor_id", "-id"), name="audit_of_an_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name or self.actor_kind} {self.action} {self.object_type} {self.object_id}".strip()
