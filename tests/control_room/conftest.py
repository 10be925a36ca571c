"""An operator, people to send to, and messages."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Membership, Organization
from tests.support.operators import member, signed_in


@pytest.fixture
def operator(organization: Organization) -> Client:
    user = member(organization, "operator", "ada")
    User.objects.filter(pk=user.pk).update(email="ada@acme.example", first_name="Ada")
    return signed_in(user)


@pytest.fixture
def audience(organization: Organization) -> MailingList:
    """A list of two people."""
    made = MailingList.objects.create(organization=organization, name="Ward B")
    for number in (1, 2):
        person = Contact.objects.create(
            organization=organization, email=f"p{number}@example.com", phone=f"+4860000000{number}"
        )
        Membership.objects.create(mailing_list=made, contact=person)
    return made


@pytest.fixture
def steps(accounts: dict[Channel, ProviderAccount], templates: dict[Channel, Template]) -> dict[str, Any]:
    """The answers of the page of messages: e-mail, and SMS a day later without a response."""
    return {
        "mode": "multi",
        "stops_on": "response",
        "kind_1": "invitation",
        "account_1": accounts[Channel.EMAIL].pk,
        "template_1": templates[Channel.EMAIL].pk,
        "delay_1": "1",
        "unit_1": "days",
        "kind_2": "invitation",
        "account_2": accounts[Channel.SMS].pk,
        "template_2": templates[Channel.SMS].pk,
    }
