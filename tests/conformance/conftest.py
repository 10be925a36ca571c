"""An organisation with one of everything, for calls that are made up.

It is made once for a module: its 25 calls took most of the time of a test. What a test writes is undone.
"""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.test import Client
from pytest_django import DjangoDbBlocker

from channels.models import ProviderAccount, Template
from contacts.api_keys import create_api_key
from contacts.channel import Channel
from contacts.models import MailingList, Organization
from contacts.models.api_key import Scope
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.record import record_response
from distributor.models import Survey
from tests.conformance.completing import PEOPLE
from tests.conformance.stand_ins import (
    CG,
    CID,
    CODE,
    CONTACT,
    DISTRIBUTION,
    DRY_RUN,
    EMD,
    EMD_OF_SMS,
    ES,
    EVENT_DELIVERY,
    EVENT_ENDPOINT,
    EXPORT,
    IMPORT,
    KEY,
    LIST,
    MS,
    MS_OF_SMS,
    MS_UNUSED,
    PGRS,
    POOL,
    RESPONSE,
    SUB,
    SUPPRESSION,
    SURVEY,
    SV,
    UNUSED_PROVIDER,
    UNUSED_SURVEY,
    UNUSED_TEMPLATE,
    UR,
    Ids,
    R,
)
from tests.support.acme import make_accounts, make_organization, make_templates
from tests.support.api.lists_and_links import call, lists_path, result_of
from tests.support.api.recipient_add import connect
from tests.support.api.resources import make, post
from tests.support.api.single_send import set_defaults
from tests.support.engine.imports import begin_import, import_now


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Schemathesis gives a test's operations one node id together, and xdist runs one item of an id."""
    for item in items:
        if label := getattr(item, "operation_label", None):
            item._id = item._id.with_params(label)
    assert len({item.nodeid for item in items}) == len(items)


@pytest.fixture(scope="module")
def whole(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A transaction around all tests of the module. Each test has one of its own within it."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def each_test_is_undone(whole: None, db: None) -> None:
    pass


@pytest.fixture(scope="module")
def organization(whole: None) -> Organization:
    return make_organization()


@pytest.fixture(scope="module")
def api_key(organization: Organization) -> str:
    return create_api_key(organization, "tests", list(Scope))[1]


@pytest.fixture(scope="module")
def client(api_key: str) -> Client:
    return Client(headers={"x-api-key": api_key})


@pytest.fixture(scope="module")
def survey(organization: Organization) -> Survey:
    return Survey.objects.create(organization=organization, name="Your stay")


@pytest.fixture(scope="module")
def accounts(organization: Organization) -> dict[Channel, ProviderAccount]:
    return make_accounts(organization)


@pytest.fixture(scope="module")
def templates(organization: Organization) -> dict[Channel, Template]:
    return make_templates(organization)


@pytest.fixture(scope="module")
def ids(
    client: Client,
    api_key: str,
    organization: Organization,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> Ids:
    """What the stand-ins stand for. Somebody waits in a distribution for 2031; the rest is not used by anything."""
    organization.allowed_redirect_hosts = ["survey.example.com"]
    organization.save()
    set_defaults(accounts, templates)
    contact = make(client, "contacts")["id"]
    members = make(client, "lists")["id"]
    client.patch(f"/api/v1/lists/{members}/contacts", json.dumps({"add": [contact]}), content_type="application/json")
    connect(MailingList.objects.get(pk=members), survey, accounts, templates, Channel.SMS)
    email = {
        "channel": "email",
        "providerIds": [str(accounts[Channel.EMAIL].pk)],
        "templateId": str(templates[Channel.EMAIL].pk),
    }
    made = make_waiting_distribution(client, survey, email, contact)
    sms = {
        "channel": "sms",
        "providerIds": [str(accounts[Channel.SMS].pk)],
        "templateId": str(templates[Channel.SMS].pk),
    }
    by_sms = make_waiting_distribution(client, survey, sms, contact)
    endpoint = post(client, "event-endpoints", {"name": "CRM", "url": "https://crm.example.com/hooks"}).json()
    response_id = respond(client, survey, email)
    unused_template = make(client, "templates")["id"]
    dry_run = import_now(organization, PEOPLE.encode(), is_dry_run=True)
    return Ids(
        accounts={channel: str(account.pk) for channel, account in accounts.items()},
        templates={channel: str(template.pk) for channel, template in templates.items()},
        others={
            KEY: api_key,
            SV: public_id(Kind.SURVEY, survey.pk),
            CG: public_id(Kind.MAILING_LIST, UUID(members)),
            CID: public_id(Kind.CONTACT, UUID(contact)),
            UR: public_id(Kind.LIBRARY, organization.pk),
            POOL: public_id(Kind.DIRECTORY, organization.pk),
            EMD: public_id(Kind.DISTRIBUTION, UUID(made["id"])),
            SUB: post_v3(client, "eventsubscriptions", {"topics": "*", "publicationUrl": "https://crm.example.com/"}),
            EMD_OF_SMS: public_id(Kind.DISTRIBUTION, UUID(by_sms["id"])),
            PGRS: import_contacts(client, organization, members),
            MS: public_id(Kind.MESSAGE, templates[Channel.EMAIL].pk),
            MS_OF_SMS: public_id(Kind.MESSAGE, templates[Channel.SMS].pk),
            SURVEY: str(survey.pk),
            CONTACT: contact,
            LIST: members,
            DISTRIBUTION: made["id"],
            CODE: made["links"][0]["code"],
            SUPPRESSION: make(client, "suppressions", address="gone@example.com")["id"],
            R: public_id(Kind.RESPONSE, response_id),
            RESPONSE: str(response_id),
            ES: start_response_export(client, survey),
            EXPORT: post(client, "exports?wait=20", {"kind": "suppressions"}).json()["id"],
            IMPORT: str(begin_import(organization, PEOPLE.encode()).pk),
            DRY_RUN: str(dry_run.pk),
            EVENT_ENDPOINT: endpoint["id"],
            EVENT_DELIVERY: post(client, f"event-endpoints/{endpoint['id']}/test", {}).json()["id"],
            UNUSED_SURVEY: make(client, "surveys")["id"],
            UNUSED_PROVIDER: make(client, "providers")["id"],
            UNUSED_TEMPLATE: unused_template,
            MS_UNUSED: public_id(Kind.MESSAGE, UUID(unused_template)),
        },
    )


def make_waiting_distribution(client: Client, survey: Survey, step: dict[str, Any], contact_id: str) -> Any:
    """A distribution for 2031 to one contact, as the API answers it."""
    body = {
        "surveyId": str(survey.pk),
        "steps": [step],
        "audience": {"contacts": [{"contactId": contact_id}]},
        "scheduledAt": "2031-01-01T00:00:00Z",
    }
    return client.post("/api/v1/distributions", json.dumps(body), content_type="application/json").json()


def post_v3(client: Client, path: str, body: dict[str, str]) -> str:
    """The id of what the lists-and-links API makes."""
    made: str = client.post(f"/API/v3/{path}", json.dumps(body), content_type="application/json").json()["result"]["id"]
    return made


def respond(client: Client, survey: Survey, step: dict[str, Any]) -> UUID:
    """The id of a response of somebody else, who waits in a distribution of their own."""
    made = make_waiting_distribution(
        client,
        survey,
        step,
        make(client, "contacts", externalId="PAT-9", email="bob@example.com", phone="+48600000077")["id"],
    )
    return record_response(made["links"][0]["code"], {"score": 9}, database_now()).pk


def start_response_export(client: Client, survey: Survey) -> str:
    """An export of lists and links, which is ready."""
    path = f"surveys/{public_id(Kind.SURVEY, survey.pk)}/export-responses"
    made = client.post(f"/API/v3/{path}", json.dumps({"format": "csv"}), content_type="application/json").json()
    progress_id: str = made["result"]["progressId"]
    return progress_id


def import_contacts(client: Client, organization: Organization, list_id: str) -> str:
    """Import a contact to a list by lists and links, and return the import's id."""
    address = f"{lists_path(organization)}/{public_id(Kind.MAILING_LIST, UUID(list_id))}/transactioncontacts"
    made_id: str = result_of(call(client, "POST", address, {"contacts": [{"extRef": "PAT-7"}]}))["id"]
    return made_id


@pytest.fixture
def one_connection(db: None) -> Iterator[None]:
    """Calls through WSGI stay in the test's transaction: Django would close a connection that is inside of one."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)
