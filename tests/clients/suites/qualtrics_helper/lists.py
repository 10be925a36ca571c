"""Mailing lists."""

from tests.clients.checking import expect
from tests.clients.suites.qualtrics_helper.shared import POOL, client, made, suite


@suite.check
def create_mailing_list() -> None:
    made["list"] = client.mailingLists.create_mailing_list(POOL, "Helper")["id"]
    expect(made["list"][:3], "CG_")


@suite.check
def get_mailing_list() -> None:
    expect(client.mailingLists.get_mailing_list(POOL, made["list"])["name"], "Helper")


@suite.check
def update_mailing_list() -> None:
    answer = client.mailingLists.update_mailing_list(POOL, made["list"], "Helper list")
    expect(answer["meta"]["httpStatus"], "200 - OK")


@suite.check
def list_mailing_lists() -> None:
    expect(made["list"] in [each["mailingListId"] for each in client.mailingLists.list_mailing_lists(POOL)], True)


@suite.check
def search_mailing_list() -> None:
    expect(client.mailingLists.search_mailing_list(POOL, "Helper list")["mailingListId"], made["list"])


@suite.check
def delete_mailing_list() -> None:
    second = client.mailingLists.create_mailing_list(POOL, "Short-lived")["id"]
    expect(client.mailingLists.delete_mailing_list(POOL, second)["meta"]["httpStatus"], "200 - OK")
    expect(client.mailingLists.search_mailing_list(POOL, "Short-lived"), None)
