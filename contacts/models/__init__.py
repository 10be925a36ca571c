from contacts.models.api_key import ApiKey
from contacts.models.branding import Branding
from contacts.models.consent_event import ConsentEvent
from contacts.models.contact import Contact
from contacts.models.contact_change import ContactChange
from contacts.models.erased_address import ErasedAddress
from contacts.models.former_address import FormerAddress
from contacts.models.mailing_list import MailingList
from contacts.models.membership import Membership
from contacts.models.organization import Organization
from contacts.models.organization_member import OrganizationMember
from contacts.models.suppression import Suppression

__all__ = [
    "ApiKey",
    "Branding",
    "ConsentEvent",
    "Contact",
    "ContactChange",
    "ErasedAddress",
    "FormerAddress",
    "MailingList",
    "Membership",
    "Organization",
    "OrganizationMember",
    "Suppression",
]
