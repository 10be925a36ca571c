"""Who is on which list."""

from django.db import models

from contacts.models.contact import Contact
from contacts.models.mailing_list import MailingList


class Membership(models.Model):
    """A contact on a list. Nothing points here: a list that goes takes its memberships with it, and no link."""

    # The members of a list in the order of their ids, without another index.
    pk = models.CompositePrimaryKey("mailing_list_id", "contact_id")
    mailing_list = models.ForeignKey(MailingList, models.CASCADE, related_name="memberships", db_index=False)
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="memberships")

    def __str__(self) -> str:
        return f"{self.contact_id} on {self.mailing_list_id}"
