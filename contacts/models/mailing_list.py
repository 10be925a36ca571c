"""Lists of contacts."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from contacts.ids import new_id
from contacts.models.organization import Organization


class MailingList(models.Model):
    """A named audience. A quick send's automatic list is its distribution's recipients: it holds no rows itself."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="mailing_lists")
    name = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True, db_default=Now())

    class Meta:
        ordering = ("-id",)
        # Lists that calls made for themselves are many, and most have no name.
        indexes = [models.Index(fields=("organization", "name"), name="list_by_name", condition=~Q(name=""))]

    def __str__(self) -> str:
        return self.name or str(self.id)
