"""Signing in by OAuth, and who is signed in."""

from qualtrics_helper.client import Qualtrics

from tests.clients.checking import expect
from tests.clients.suites.qualtrics_helper.shared import client, made, suite, world
from tests.clients.world import DATA_CENTER


@suite.check
def oauth_client_credentials() -> None:
    with Qualtrics(qualtrics_server=DATA_CENTER, client_id="crm", client_secret=world.api_key) as signed_in:
        expect(signed_in.session.headers.get("X-API-TOKEN"), None)
        expect(world.survey in [survey["id"] for survey in signed_in.surveys.list_surveys()], True)


@suite.check
def who_am_i() -> None:
    made["user"] = client.users.who_am_i()["userId"]


@suite.check
def list_users() -> None:
    expect([user["id"] for user in client.users.list_users()], [made["user"]])


@suite.check
def list_directories() -> None:
    expect([each["directoryId"] for each in client.directories.list_directories()], [world.directory])
