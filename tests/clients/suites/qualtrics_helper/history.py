"""A contact's history, and who is closed to messages."""

from tests.clients.checking import expect
from tests.clients.suites.qualtrics_helper.contacts import EMAIL
from tests.clients.suites.qualtrics_helper.shared import POOL, client, made, suite, world

manager = client.contactsManager


@suite.check
def get_directory_contact_history() -> None:
    found = client.contacts.get_directory_contact_history(POOL, made["contact"])
    expect(
        [(each["distributionId"], each["surveyId"], each["result"]) for each in found],
        [(made["distribution"], world.survey, "Success")],
    )


@suite.check
def retrieve_contact_history() -> None:
    found = manager.retrieve_contact_history(directoryId=POOL, contactId=made["contact"])
    expect([each["contact_directory_data"]["email"] for each in found], [EMAIL])


@suite.check
def retrieve_enriched_contact_history() -> None:
    (entry,) = manager.retrieve_enriched_contact_history(email=EMAIL)
    expect([each["contactId"] for each in entry["distribution_history"]], [made["contact"]])


@suite.check
def retrieve_summarized_contact_history() -> None:
    summary = manager.retrieve_summarized_contact_history(email=EMAIL)
    expect((summary["nbSurveysReceived"], summary["lastSurveyReceived"]), (1, world.survey))
    expect((summary["lastSurveyReceivedDate"] is not None, summary["optedOut"]["directory"]), (True, False))


@suite.check
def list_opted_out_contacts_of_directory() -> None:
    world.call("PUT", f"directories/{POOL}/contacts/{made['contact']}", {"unsubscribed": True})
    found = client.contacts.list_opted_out_contacts_of_directory(POOL)
    expect([each["contactId"] for each in found if each["email"] == EMAIL], [made["contact"]])


@suite.check
def list_opted_out_contacts_of_mailing_lists() -> None:
    found = client.contacts.list_opted_out_contacts_of_mailing_lists(POOL, made["list"])
    expect([each["contactId"] for each in found], [made["contact"]])


@suite.check
def retrieve_summarized_contact_history_after_opt_out() -> None:
    expect(manager.retrieve_summarized_contact_history(email=EMAIL)["optedOut"]["directory"], True)


@suite.check
def list_bounced_contacts_of_mailing_lists() -> None:
    suppression = {"channel": "email", "address": EMAIL, "reason": "bounce"}
    world.call("POST", "suppressions", suppression, base="/api/v1/")
    found = client.contacts.list_bounced_contacts_of_mailing_lists(POOL, made["list"])
    expect([each["contactId"] for each in found], [made["contact"]])
