"""A list to add to, and one that invites."""

import pytest
from django.test import Client

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import MailingList, Organization
from distributor.models import Survey
from tests.support.api.recipient_add import (
    Add,
    connect,
    make_add,
    make_list,
)


@pytest.fixture
def mailing_list(organization: Organization) -> MailingList:
    return make_list(organization)


@pytest.fixture
def add(client: Client, mailing_list: MailingList) -> Add:
    return make_add(client)


@pytest.fixture
def connected(
    mailing_list: MailingList,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> MailingList:
    connect(mailing_list, survey, accounts, templates, Channel.SMS)
    return mailing_list
