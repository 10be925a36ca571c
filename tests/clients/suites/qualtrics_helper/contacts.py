"""Contacts of the directory and of lists."""

from tests.clients.checking import expect
from tests.clients.suites.qualtrics_helper.shared import POOL, client, made, suite

EMAIL = "helper@example.com"


@suite.check
def create_contact_mailing_list() -> None:
    body = {"firstName": "Ann", "lastName": "Onohelper", "email": EMAIL, "extRef": "HELPER-1", "language": "en"}
    created = client.contacts.create_contact_mailing_list(POOL, made["list"], body)
    made["contact"] = created["id"]
    expect((created["id"][:4], created["contactLookupId"][:4]), ("CID_", "CGC_"))


@suite.check
def search_contacts_of_directory() -> None:
    by_name = {"filter": {"filterType": "lastName", "comparison": "eq", "value": "Onohelper"}}
    expect([each["id"] for each in client.contacts.search_contacts_of_directory(POOL, by_name)], [made["contact"]])


@suite.check
def list_contacts_of_directory() -> None:
    found = client.contacts.list_contacts_of_directory(POOL)
    expect(made["contact"] in [contact["contactId"] for contact in found], True)


@suite.check
def get_contact_of_directory() -> None:
    contact = client.contacts.get_contact_of_directory(POOL, made["contact"])
    expect((contact["email"], list(contact["mailingListMembership"])), (EMAIL, [made["list"]]))


@suite.check
def list_contacts_of_mailing_lists() -> None:
    found = client.contacts.list_contacts_of_mailing_lists(POOL, made["list"])
    expect([contact["contactId"] for contact in found], [made["contact"]])


@suite.check
def get_contact_of_mailing_list() -> None:
    contact = client.contacts.get_contact_of_mailing_list(POOL, made["list"], made["contact"])
    expect((contact["email"], contact["mailingListUnsubscribed"]), (EMAIL, False))


@suite.check
def find_contact_in_directory() -> None:
    found = client.contactsManager.find_contact_in_directory(email=EMAIL, lastName="Onohelper")
    expect([(each["directoryId"], each["contactId"]) for each in found], [(POOL, made["contact"])])


@suite.check
def find_contact_in_directory_by_id() -> None:
    found = client.contactsManager.find_contact_in_directory(contactId=made["contact"])
    expect([each["contact_directory_data"]["email"] for each in found], [EMAIL])
