"""Libraries and their messages."""

from tests.clients.checking import expect
from tests.clients.suites.qualtrics_helper.shared import client, made, suite, world

TEXT = {"en": '<p>Hello ${m://FirstName}: <a href="${l://SurveyURL}">answer</a></p>'}


@suite.check
def list_libraries() -> None:
    made["library name"] = client.libraries.list_libraries()[0]["libraryName"]


@suite.check
def search_library() -> None:
    expect(client.libraries.search_library(made["library name"])["libraryId"], world.library)


@suite.check
def create_library_messages() -> None:
    created = client.libraries.create_library_messages(world.library, "Helper message", "invite", TEXT)
    made["message"] = created["id"]
    expect(created["id"][:3], "MS_")


@suite.check
def get_library_message() -> None:
    expect(client.libraries.get_library_message(world.library, made["message"])["messages"], TEXT)


@suite.check
def update_library_messages() -> None:
    answer = client.libraries.update_library_messages(world.library, made["message"], "Helper invitation", TEXT)
    expect(answer["meta"]["httpStatus"], "200 - OK")


@suite.check
def list_library_messages() -> None:
    found = client.libraries.list_library_messages(world.library, None)
    expect("Helper invitation" in [message["description"] for message in found], True)


@suite.check
def search_library_messages() -> None:
    expect(client.libraries.search_library_messages(world.library, "Helper invitation")["id"], made["message"])


@suite.check
def delete_library_messages() -> None:
    second = client.libraries.create_library_messages(world.library, "Short-lived", "reminder", TEXT)["id"]
    answer = client.libraries.delete_library_messages(world.library, second)
    expect(answer["meta"]["httpStatus"], "200 - OK")
    expect(client.libraries.search_library_messages(world.library, "Short-lived"), None)
