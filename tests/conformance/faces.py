"""Each face of the API as one who says what somebody wants in its own words, as far as it has them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.test import Client

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Contact, MailingList
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.models import Survey
from tests.conformance.intents import Intent, Person
from tests.support.api.recipient_add import PATH as RECIPIENT_ADD
from tests.support.api.recipient_add import connect, make_list


@dataclass(frozen=True)
class World:
    """What there is for every face: people who are known, both on a list, and a way to reach them by each channel."""

    client: Client
    survey: Survey
    accounts: dict[Channel, ProviderAccount]
    templates: dict[Channel, Template]
    mailing_list: MailingList

    def id_of(self, person: Person) -> str:
        return str(Contact.objects.get(email=person.email).pk)

    def post(self, path: str, body: dict[str, Any]) -> None:
        answer = self.client.post(path, json.dumps(body), content_type="application/json")
        assert 200 <= answer.status_code < 300, answer.content


@dataclass(frozen=True)
class Face:
    """`words`: for what it has any. `must`: without what there is nothing that it could say."""

    name: str
    say: Callable[[Intent, World], None]
    words: frozenset[str]
    must: frozenset[str] = frozenset()

    def can_say(self, intent: Intent) -> bool:
        return self.must <= intent.needs <= self.words


def say_native(intent: Intent, world: World) -> None:
    _say_native(intent, world, {"contacts": _natives(intent)})


def say_native_ids(intent: Intent, world: World) -> None:
    _say_native(intent, world, {"contactIds": [world.id_of(person) for person in intent.people]})


def say_native_list(intent: Intent, world: World) -> None:
    _say_native(intent, world, {"listId": str(world.mailing_list.pk)})


def _say_native(intent: Intent, world: World, audience: dict[str, Any]) -> None:
    body = {
        "surveyId": str(world.survey.pk),
        "steps": _steps(intent, world),
        "channelMode": "multi" if len(intent.channels) > 1 else "single",
        "audience": audience,
        "scheduledAt": _moment(intent.scheduled_at),
        "expiresAt": _moment(intent.expires_at),
        "linkType": "anonymous" if intent.is_anonymous else "one_time",
        "send": intent.is_sent,
    }
    world.post("/api/v1/distributions", body)


def say_native_link(intent: Intent, world: World) -> None:
    [contact] = _natives(intent)
    body = {
        "surveyId": str(world.survey.pk),
        "contact": contact,
        "expiresAt": _moment(intent.expires_at),
        "linkType": "anonymous" if intent.is_anonymous else "one_time",
    }
    world.post("/api/v1/links", body)


def say_quick(intent: Intent, world: World) -> None:
    channels = [
        {
            "channel": channel,
            "providerId": str(world.accounts[channel].pk),
            "templateId": str(world.templates[channel].pk),
            "priority": priority,
            "fallbackDelayMinutes": intent.fallback_minutes,
        }
        for priority, channel in enumerate(intent.channels, start=1)
    ]
    contacts = [{**_names(person), "embeddedData": dict(intent.data)} for person in intent.people]
    body = {
        "surveyId": str(world.survey.pk),
        "contacts": contacts,
        "channels": channels,
        "channelMode": "multi" if len(channels) > 1 else "single",
        "scheduledAt": _moment(intent.scheduled_at),
    }
    world.post(f"/api/surveys/{world.survey.pk}/distributions/quick", body)


def say_single_send(intent: Intent, world: World) -> None:
    recipients = [
        {
            "email": person.email,
            "phone_number": person.phone,
            "name": f"{person.first_name} {person.last_name}",
            "locale": intent.locale or None,
            "attributes": dict(intent.data),
            "last_sent_at": _moment(intent.last_sent_at),
        }
        for person in intent.people
    ]
    body = {
        "form_id": str(world.survey.pk),
        "recipients": recipients,
        "channel": intent.channels[0],
        "send": intent.is_sent,
        "scheduled_at": _moment(intent.scheduled_at),
        "expires_at": _moment(intent.expires_at),
        "type": "anonymous" if intent.is_anonymous else "one_time",
    }
    world.post("/v1/distributions/send", body)


def say_lists_and_links(intent: Intent, world: World) -> None:
    """To one by the contact's id, to both by their list."""
    survey_id = public_id(Kind.SURVEY, world.survey.pk)
    link_type = "Anonymous" if intent.is_anonymous else "Individual"
    recipients = (
        {"mailingListId": public_id(Kind.MAILING_LIST, world.mailing_list.pk)}
        if "both" in intent.needs
        else {"contactId": public_id(Kind.CONTACT, UUID(world.id_of(intent.people[0])))}
    )
    [channel] = intent.channels
    message = {"messageId": public_id(Kind.MESSAGE, world.templates[channel].pk)}
    times = {"sendDate": _moment(intent.scheduled_at)}
    end = {"expirationDate": _moment(intent.expires_at)}
    if not intent.is_sent:
        links = {"action": "CreateDistribution", "surveyId": survey_id, "linkType": link_type, **recipients, **end}
        world.post("/API/v3/distributions", links)
    elif channel == Channel.EMAIL:
        link = {"surveyId": survey_id, "type": link_type, **end}
        world.post("/API/v3/distributions", {"message": message, "recipients": recipients, "surveyLink": link, **times})
    else:
        said = {"method": "Invite", "surveyId": survey_id, "surveyLinkType": link_type, **times, **end}
        world.post("/API/v3/distributions/sms", {**said, "message": message, "recipients": recipients})


def say_recipient_add(intent: Intent, world: World) -> None:
    """People are added to a list that is connected to the survey."""
    mailing_list = make_list(world.survey.organization, "Connected")
    connect(mailing_list, world.survey, world.accounts, world.templates, *intent.channels)
    recipients = [
        {
            "FirstName": person.first_name,
            "LastName": person.last_name,
            "MobileNumber": person.phone,
            "EmailAddress": person.email,
            "When": _moment(intent.scheduled_at),
        }
        for person in intent.people
    ]
    world.post(RECIPIENT_ADD, {"ListName": mailing_list.name, "RecipientList": recipients})


def _natives(intent: Intent) -> list[dict[str, Any]]:
    said = {
        "embeddedData": dict(intent.data),
        "locale": intent.locale or None,
        "lastSentAt": _moment(intent.last_sent_at),
    }
    return [{**_names(person), **said} for person in intent.people]


def _steps(intent: Intent, world: World) -> list[dict[str, Any]]:
    return [
        {
            "channel": channel,
            "providerIds": [str(world.accounts[channel].pk)],
            "templateId": str(world.templates[channel].pk),
            "priority": priority,
            "fallbackDelayMinutes": intent.fallback_minutes,
        }
        for priority, channel in enumerate(intent.channels, start=1)
    ]


def _names(person: Person) -> dict[str, str]:
    return {
        "email": person.email,
        "phone": person.phone,
        "firstName": person.first_name,
        "lastName": person.last_name,
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


_SENDING = frozenset({"sending", "both", "SMS", "WhatsApp", "a schedule"})
_LINKS = frozenset({"links only", "an end", "anonymity"})
_PEOPLE = frozenset({"a stranger", "somebody twice", "data"})
_OPTIONS = frozenset({"a locale", "a last send"})
_CHAINS = frozenset({"several channels"})
NATIVE = Face("native", say_native, _SENDING | _LINKS | _PEOPLE | _OPTIONS | _CHAINS)
FACES = [
    Face("native ids", say_native_ids, _SENDING | _LINKS | _CHAINS | {"somebody twice"}),
    Face("native list", say_native_list, _SENDING | _LINKS | _CHAINS, must=frozenset({"both"})),
    Face("lists and links", say_lists_and_links, _SENDING - {"WhatsApp"} | _LINKS),
    Face("native link", say_native_link, _LINKS | _PEOPLE | _OPTIONS, must=frozenset({"links only"})),
    Face("quick", say_quick, _SENDING | _PEOPLE | _CHAINS),
    Face("recipient add", say_recipient_add, _SENDING | {"a stranger", "somebody twice"}),
    Face("single send", say_single_send, _SENDING | _LINKS | _PEOPLE | _OPTIONS),
]
