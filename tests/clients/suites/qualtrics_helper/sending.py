"""Sends, links and reminders."""

from datetime import UTC, datetime, timedelta

from tests.clients.checking import expect, wait_for
from tests.clients.suites.qualtrics_helper.shared import POOL, client, made, suite, world


def _in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


HEADER = {"fromEmail": "noreply@example.com", "replyToEmail": "reply@example.com", "fromName": "Ward", "subject": "Hi"}


@suite.check
def create_distribution() -> None:
    sent = client.distributions.create_distribution(
        POOL,
        None,
        world.survey,
        "Individual",
        _in_days(30),
        sendDate=_in_days(0),
        mailingListId=made["list"],
        libraryId=world.library,
        messageId=made["message"],
        **HEADER,
    )
    made["distribution"] = sent["id"]
    path = f"distributions/{sent['id']}?surveyId={world.survey}"
    wait_for(lambda: world.call("GET", path)["result"]["stats"]["sent"] == 1)


@suite.check
def create_distribution_with_embedded_data_and_text() -> None:
    text = "<p>Ward ${e://Field/ward}: ${l://SurveyURL}</p>"
    other = world.create_list("Helper text", {"extRef": "HELPER-2", "email": "helper2@example.com"})
    sent = client.distributions.create_distribution(
        POOL,
        None,
        world.survey,
        "Individual",
        _in_days(30),
        sendDate=_in_days(0),
        mailingListId=other,
        messageText=text,
        embeddedData={"ward": "B"},
        **HEADER,
    )
    found = client.distributions.get_distribution(sent["id"], world.survey)
    expect((found["embeddedData"], found["message"]["messageText"]), ({"ward": "B"}, text))
    path = f"distributions/{sent['id']}?surveyId={world.survey}"
    wait_for(lambda: world.call("GET", path)["result"]["stats"]["sent"] == 1)


@suite.check
def create_distribution_of_links() -> None:
    links = client.distributions.create_distribution(
        POOL,
        "CreateDistribution",
        world.survey,
        "Individual",
        (datetime.now(UTC) + timedelta(days=30)).strftime("%Y-%m-%d %H:%M:%S"),
        mailingListId=made["list"],
        description="Helper links",
    )
    made["links"] = links["id"]


@suite.check
def list_distributions() -> None:
    listed = client.distributions.list_distributions(world.survey)
    expect({made["distribution"], made["links"]} <= {each["id"] for each in listed}, True)


@suite.check
def list_distributions_of_a_mailing_list() -> None:
    listed = client.distributions.list_distributions(world.survey, made["list"])
    expect({each["id"] for each in listed}, {made["distribution"], made["links"]})


@suite.check
def get_distribution() -> None:
    found = client.distributions.get_distribution(made["distribution"], world.survey)
    expect((found["headers"]["subject"], found["message"]["messageId"]), ("Hi", made["message"]))


@suite.check
def list_distribution_history() -> None:
    (entry,) = client.distributions.list_distribution_history(made["distribution"])
    expect((entry["contactId"], entry["sentAt"] is not None), (made["contact"], True))


@suite.check
def create_reminder_distribution() -> None:
    reminder = client.distributions.create_reminder_distribution(
        made["distribution"], _in_days(3), libraryId=world.library, messageId=made["message"], **HEADER
    )
    expect(reminder["distributionId"][:4], "EMD_")


@suite.check
def delete_distribution() -> None:
    expect(client.distributions.delete_distribution(made["links"])["meta"]["httpStatus"], "200 - OK")
