"""An organisation with one of everything, for calls that are made up."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import MailingList, Organization
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.models import Survey
from tests.conformance.stand_ins import (
    CG,
    CID,
    CODE,
    CONTACT,
    DISTRIBUTION,
    EMD,
    KEY,
    LIST,
    MS,
    MS_OF_SMS,
    POOL,
    SUPPRESSION,
    SURVEY,
    SV,
    UNUSED_PROVIDER,
    UNUSED_SURVEY,
    UNUSED_TEMPLATE,
    UR,
    Ids,
)
from tests.support.api.recipient_add import connect
from tests.support.api.resources import make
from tests.support.api.single_send import set_defaults


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Schemathesis gives a test's operations one node id together, and xdist runs one item of an id."""
    for item in items:
        if label := getattr(item, "operation_label", None):
            item._id = item._id.with_params(label)
    assert len({item.nodeid for item in items}) == len(items)


def make_waiting_distribution(client: Client, survey: Survey, step: dict[str, Any], contact_id: str) -> Any:
    """A distribution for 2031 to one contact, as the API answers it."""
    body = {
        "surveyId": str(survey.pk),
        "steps": [step],
        "audience": {"contacts": [{"contactId": contact_id}]},
        "scheduledAt": "2031-01-01T00:00:00Z",
    }
    return client.post("/api/v1/distributions", json.dumps(body), content_type="application/json").json()


@pytest.fixture
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
            MS: public_id(Kind.MESSAGE, templates[Channel.EMAIL].pk),
            MS_OF_SMS: public_id(Kind.MESSAGE, templates[Channel.SMS].pk),
            SURVEY: str(survey.pk),
            CONTACT: contact,
            LIST: members,
            DISTRIBUTION: made["id"],
            CODE: made["links"][0]["code"],
            SUPPRESSION: make(client, "suppressions", address="gone@example.com")["id"],
            UNUSED_SURVEY: make(client, "surveys")["id"],
            UNUSED_PROVIDER: make(client, "providers")["id"],
            UNUSED_TEMPLATE: make(client, "templates")["id"],
        },
    )


@pytest.fixture
def one_connection(db: None) -> Iterator[None]:
    """Calls through WSGI stay in the test's transaction: Django would close a connection that is inside of one."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)
