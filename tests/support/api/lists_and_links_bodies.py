"""Fixtures of the lists-and-links dialect: bodies of its calls, and a list of five contacts."""

from typing import Any

import pytest

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Membership, Organization
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.models import Survey
from tests.support.api.single_send import set_defaults


@pytest.fixture
def defaults(accounts: dict[Channel, ProviderAccount], templates: dict[Channel, Template]) -> None:
    set_defaults(accounts, templates)


@pytest.fixture
def crowd(organization: Organization) -> list[Contact]:
    return [
        Contact.objects.create(
            organization=organization,
            external_id=f"PAT-{number}",
            email=f"p{number}@example.com",
            phone=f"+4860000000{number}",
            first_name=f"Person {number}",
            last_name="Ono",
        )
        for number in range(5)
    ]


@pytest.fixture
def mailing_list(organization: Organization, crowd: list[Contact]) -> MailingList:
    made = MailingList.objects.create(organization=organization, name="Ward B")
    Membership.objects.bulk_create(Membership(mailing_list=made, contact=contact) for contact in crowd)
    return made


@pytest.fixture
def links_body(survey: Survey, mailing_list: MailingList, defaults: None) -> dict[str, Any]:
    """The published body that makes links only, for the list."""
    return {
        "surveyId": public_id(Kind.SURVEY, survey.pk),
        "linkType": "Individual",
        "description": "test distribution",
        "action": "CreateDistribution",
        "expirationDate": "2030-09-13 00:00:00",
        "mailingListId": public_id(Kind.MAILING_LIST, mailing_list.pk),
    }


@pytest.fixture
def send_body(
    organization: Organization,
    survey: Survey,
    mailing_list: MailingList,
    templates: dict[Channel, Template],
    defaults: None,
) -> dict[str, Any]:
    """The published body of an e-mail to the list."""
    return {
        "message": {
            "libraryId": public_id(Kind.LIBRARY, organization.pk),
            "messageId": public_id(Kind.MESSAGE, templates[Channel.EMAIL].pk),
        },
        "recipients": {"mailingListId": public_id(Kind.MAILING_LIST, mailing_list.pk), "contactId": ""},
        "header": {
            "fromEmail": "ward@acme.example",
            "replyToEmail": "desk@acme.example",
            "fromName": "Ward B",
            "subject": "How was it, ${contact:firstName}?",
        },
        "surveyLink": {
            "surveyId": public_id(Kind.SURVEY, survey.pk),
            "expirationDate": "2030-01-21T00:00:00Z",
            "type": "Individual",
        },
        "sendDate": "",
    }


@pytest.fixture
def sms_body(send_body: dict[str, Any], templates: dict[Channel, Template]) -> dict[str, Any]:
    """The published body of a text message to the list."""
    return {
        "sendDate": "2020-01-21T00:00:00Z",
        "surveyId": send_body["surveyLink"]["surveyId"],
        "method": "Invite",
        "recipients": {"mailingListId": send_body["recipients"]["mailingListId"]},
        "name": "By text",
        "message": {
            "libraryId": send_body["message"]["libraryId"],
            "messageId": public_id(Kind.MESSAGE, templates[Channel.SMS].pk),
        },
    }
