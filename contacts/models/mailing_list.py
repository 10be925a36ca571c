"""Mailing lists."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from contacts.ids import new_id
from contacts.models.organization import Organization
from contacts.organization_boundary import KeepsOrganization, OrganizationKey


class MailingList(models.Model):
    """A list of contacts. A quick send's automatic list has no members: it stands for the distribution's recipients."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="mailing_lists")
    name = models.CharField(max_length=255, blank=True)
    is_automatic = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="Made by a send for its own recipients. Hidden where people choose a list.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True, db_default=Now())

    class Meta:
        ordering = ("-id",)
        # Partial, because most lists are made by calls and have no name.
        indexes = [
            models.Index(fields=("organization", "name"), name="list_by_name", condition=~Q(name="")),
            # What people choose from: a few among the millions that sends have made.
            models.Index(
                fields=("organization", "name", "id"), name="lists_to_choose", condition=Q(is_automatic=False)
            ),
        ]
        constraints = [
            OrganizationKey(name="list_with_its_organization"),
            KeepsOrganization(name="a_list_keeps_its_organization"),
        ]

    def __str__(self) -> str:
        return self.name or str(self.id)
