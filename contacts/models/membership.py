"""Which contacts are on which mailing lists."""

from django.db import models

from contacts.models.contact import Contact
from contacts.models.mailing_list import MailingList
from contacts.organization_boundary import SameOrganization


class Membership(models.Model):
    """A contact on a mailing list. Deleting a list deletes its memberships, but no links."""

    # Also serves as the index for reading a list's members in the order of their ids.
    pk = models.CompositePrimaryKey("mailing_list_id", "contact_id")
    mailing_list = models.ForeignKey(MailingList, models.CASCADE, related_name="memberships", db_index=False)
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="memberships")

    class Meta:
        constraints = [
            SameOrganization(paths=("mailing_list", "contact"), name="list_and_member_are_of_one_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} on {self.mailing_list_id}"
