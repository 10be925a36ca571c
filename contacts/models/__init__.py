from contacts.models.api_key import ApiKey
from contacts.models.contact import Contact
from contacts.models.mailing_list import MailingList
from contacts.models.membership import Membership
from contacts.models.organization import Organization
from contacts.models.suppression import Suppression

__all__ = ["ApiKey", "Contact", "MailingList", "Membership", "Organization", "Suppression"]
