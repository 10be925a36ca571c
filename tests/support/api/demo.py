"""The demo with one of everything, and calls of the API reference's examples made on it."""

import json
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from io import StringIO
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from channels.models import ProviderAccount, Template
from contacts.api_keys import create_api_key
from contacts.ids import new_id
from contacts.models import ApiKey, MailingList, Membership, Suppression
from distributor.api.dialects.distributions_v3.ids import Kind, public_id, read_id
from distributor.api.reference.examples import JSON_TYPE, Call, example_files, read_calls
from distributor.api.reference.placeholders import PLACEHOLDERS, with_computed_ids
from distributor.engine.consent.unsubscribe import unsubscribe
from distributor.engine.events.stream import Cursor, Filter, read_events
from distributor.engine.exports.write import write_next
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.record import record_anonymous
from distributor.engine.schedule.recurring import save_recurring
from distributor.models import (
    EventDelivery,
    EventEndpoint,
    Export,
    FileImport,
    Recipient,
    RecurringDistribution,
    Response,
    Survey,
)
from distributor.models.event_endpoint import DeliveryState
from distributor.rules.event_types import EventType
from tests.support.engine.imports import begin_import, import_now
from tests.support.engine.people import dispatch_at

Json = dict[str, Any]
Operations = Mapping[str, tuple[str, str]]  # operation id: method and path


class Demo:
    """The demo organisation with one of everything, and a client with its key. `ids` are those that examples name."""

    def __init__(self) -> None:
        seeded = StringIO()
        call_command("seed_demo", stdout=seeded)
        demo = json.loads(seeded.getvalue())
        self.key = demo["apiKey"]
        self.client = Client(headers={"x-api-key": self.key})
        self.organization = ApiKey.objects.select_related("organization").latest("pk").organization
        self.scopeless = Client(headers={"x-api-key": create_api_key(self.organization, "may nothing", [])[1]})
        self.rows = {
            "survey": demo["surveyId"],
            "organization": str(self.organization.pk),
            **{f"{channel}_provider": demo["providers"][channel] for channel in ("email", "sms")},
            **{f"{channel}_template": demo["templates"][channel] for channel in ("email", "sms")},
        }
        self.rows |= self._make_people_and_lists()
        self.rows |= self._make_distributions()
        self.rows |= self._make_unused()
        self.rows |= self._make_imports()
        self.rows |= self._make_responses()
        self.rows |= self._make_response_exports()
        self.rows |= self._make_exports()
        delivery = self._make_deliveries()
        code = Recipient.objects.get(distribution=self.rows["distribution"], contact=self.rows["contact"]).code
        others = {"event_delivery": delivery, "code": code, "api_key": self.key, "base_url": settings.PUBLIC_BASE_URL}
        self.ids = with_computed_ids(self.rows) | others | {"connected_list": PLACEHOLDERS["connected_list"]}

    def _make_people_and_lists(self) -> dict[str, str]:
        seeded = Membership.objects.get(mailing_list__organization=self.organization)
        self._post("contacts", {"email": "only.mail@example.com"})
        weekly = RecurringDistribution(
            organization=self.organization,
            name="Weekly",
            survey_id=self.rows["survey"],
            mailing_list=MailingList.objects.create(organization=self.organization, name="Weekly guests"),
            cron="0 9 * * mon",
        )
        save_recurring(weekly, database_now())
        complaint = {"channel": "email", "address": "angry@example.com", "reason": "complaint"}
        return {
            "contact": str(seeded.contact_id),
            "nameless_contact": self._post("contacts", {"email": "someone@example.com"})["id"],
            "list": str(seeded.mailing_list_id),
            "list_in_use": str(weekly.mailing_list_id),
            "complaint": self._post("suppressions", complaint)["id"],
            "suppression": str(Suppression.objects.exclude(reason="complaint").get().pk),
        }

    def _make_distributions(self) -> dict[str, str]:
        """One that is completed, whose recipient has left, and one with a sent, a failed and a skipped recipient."""
        mail = ProviderAccount.objects.get(pk=self.rows["email_provider"])
        mail.configuration = {"failAddresses": {"full.mailbox@example.com": "permanent"}}
        mail.save()
        step = {
            "channel": "email",
            "providerIds": [self.rows["email_provider"]],
            "templateId": self.rows["email_template"],
        }
        leaver = {"externalId": "PAT-5", "email": "leaving@example.com"}
        sent: Json = {"surveyId": self.rows["survey"], "steps": [step], "audience": {"contacts": [leaver]}}
        completed = self._post("distributions", sent)
        text = {
            "channel": "sms",
            "providerIds": [self.rows["sms_provider"]],
            "templateId": self.rows["sms_template"],
        }
        texted = {"contacts": [{"externalId": "PAT-6", "phone": "+48601000006"}]}
        by_sms = self._post("distributions", {**sent, "name": "By SMS", "steps": [text], "audience": texted})
        people = [
            {"contactId": self.rows["contact"], "embeddedData": {"department": "Ward B"}},
            {"externalId": "PAT-4", "email": "full.mailbox@example.com", "firstName": "Carl"},
            {"externalId": "PAT-3"},
        ]
        reminding = [step, {**step, "kind": "reminder", "priority": 2, "delayMinutes": 4320}]
        distribution = self._post(
            "distributions", {**sent, "name": "March guests", "steps": reminding, "audience": {"contacts": people}}
        )
        dispatch_at(database_now())
        leaving = Recipient.objects.get(distribution=completed["id"])
        unsubscribe(leaving.code, "page", database_now())
        later = {"kind": "reminder", **step, "scheduledAt": "2030-03-08T09:00:00Z"}
        return {
            "completed_distribution": completed["id"],
            "contact_who_left": str(leaving.contact_id),
            "distribution": distribution["id"],
            "sms_distribution": by_sms["id"],
            "sms_reminder": self._post(f"distributions/{by_sms['id']}/steps", {**later, **text})["id"],
            "reminder": self._post(f"distributions/{distribution['id']}/steps", later)["id"],
        }

    def _make_unused(self) -> dict[str, str]:
        template = Template.objects.create(organization=self.organization, name="Unused", channel="sms")
        return {
            "unused_survey": str(Survey.objects.create(organization=self.organization, name="Never sent").pk),
            "unused_provider": self._post("providers", {"name": "Unused", "kind": "sandbox", "channel": "sms"})["id"],
            "unused_template": str(template.pk),
        }

    def _make_imports(self) -> dict[str, str]:
        """One that is done, with a faulty row; a dry run that is done; one that nobody has begun; and one of a call."""
        contact_import = self._import_contacts()
        content = b"externalId,email,phone\nPAT-1,ann@example.com,\nPAT-8,eve@example.com,4.86E+10\n"
        made = import_now(self.organization, content, "guests.csv")
        dry_run = import_now(self.organization, content, "guests.csv", is_dry_run=True)
        waiting = begin_import(self.organization, content, "guests.csv")
        return {
            "import": str(made.pk),
            "dry_run": str(dry_run.pk),
            "waiting_import": str(waiting.pk),
            "contact_import": contact_import,
        }

    def _import_contacts(self) -> str:
        """Import contacts by lists and links, one with a fault."""
        ids = with_computed_ids(self.rows)
        url = f"/API/v3/directories/{ids['POOL']}/mailinglists/{ids['CG']}/transactioncontacts"
        body = {"contacts": [{"extRef": "PAT-1"}, {"email": "ann@"}]}
        answer = self.client.post(url, json.dumps(body), content_type="application/json")
        assert answer.status_code == HTTPStatus.OK, answer.content
        return str(FileImport.objects.get(format="json").pk)

    def _make_exports(self) -> dict[str, str]:
        """Two that are ready, one that no worker has begun, and one whose file was deleted for an erasure."""
        members: Json = {"kind": "contacts", "filters": {"listId": self.rows["list"]}}
        members["columns"] = ["externalId", "firstName", "email"]
        made = {
            "export": self._post("exports?wait=20", members),
            "ndjson_export": self._post("exports?wait=20", {**members, "format": "ndjson"}),
            "withdrawn_export": self._post("exports", members),
        }
        while write_next(database_now()):
            pass
        Export.objects.filter(pk=made["withdrawn_export"]["id"]).update(withdrawn_at=database_now())
        made["waiting_export"] = self._post("exports", members)
        return {name: export["id"] for name, export in made.items()}

    def _make_responses(self) -> dict[str, str]:
        """One of the contact who left, given before, and an anonymous one."""
        recipient = Recipient.objects.get(distribution=self.rows["completed_distribution"])
        given = {"answers": {"score": 7}, "attributes": {"ward": "A"}, "locale": "en", "submitted_at": database_now()}
        survey = Survey.objects.get(pk=self.rows["survey"])
        personal = Response.objects.create(survey=survey, recipient=recipient, **given)
        anonymous = record_anonymous(survey, {"score": 4, "comment": "We waited long."}, database_now())
        return {"response": str(personal.pk), "anonymous_response": str(anonymous.pk)}

    def _make_response_exports(self) -> dict[str, str]:
        """Three of lists and links: one that is ready, and copies that wait and whose file was deleted."""
        survey_id = public_id(Kind.SURVEY, UUID(self.rows["survey"]))
        body = json.dumps({"format": "csv", "compress": False})
        url = f"/API/v3/surveys/{survey_id}/export-responses"
        assert self.client.post(url, body, content_type="application/json").status_code == HTTPStatus.OK
        made, waiting, withdrawn = (Export.objects.exclude(rendering={}).get() for _ in range(3))
        waiting.pk, waiting.finished_at, waiting.is_read = new_id(), None, False
        waiting.due_at += timedelta(days=1)
        withdrawn.pk, withdrawn.withdrawn_at = new_id(), database_now()
        for copy in (waiting, withdrawn):
            copy.save(force_insert=True)
        return {
            "response_export": str(made.pk),
            "waiting_response_export": str(waiting.pk),
            "withdrawn_response_export": str(withdrawn.pk),
        }

    def _make_deliveries(self) -> str:
        """Make an endpoint, a delivery that it took, and one that waits. Return the id of the first."""
        hooks = {"name": "CRM", "url": "https://crm.example.com/hooks/distributor", "headers": {"Authorization": "x"}}
        self.rows["event_endpoint"] = self._post("event-endpoints", hooks)["id"]
        subscription = {"topics": "*", "publicationUrl": "https://crm.example.com/hooks/responses"}
        answer = self.client.post("/API/v3/eventsubscriptions", subscription, content_type="application/json")
        keys = read_id(Kind.SUBSCRIPTION, answer.json()["result"]["id"])
        assert keys is not None
        self.rows["subscription"] = str(EventEndpoint.objects.get(pk__range=keys).pk)
        now = database_now()
        wanted = Filter((EventType.SENT, EventType.FAILED), {UUID(self.rows["distribution"])})
        events = {event.type: event for event in read_events(self.organization.pk, Cursor(), 100, wanted).events}
        taken, _ = (
            EventDelivery.objects.create(
                endpoint_id=self.rows["event_endpoint"],
                message_id=event.id,
                bundle_ids=[event.bundle_id],
                places=[event.place],
                contact_ids=[event.contact_id],
                types=[event.type],
                tries=1,
                duration_ms=42,
                created_at=now,
                tried_at=now,
                **answered,
            )
            for event, answered in (
                (events[EventType.SENT], {"state": DeliveryState.DELIVERED, "status": 200, "answer": "ok"}),
                (events[EventType.FAILED], {"state": DeliveryState.PENDING, "error": "timed out", "due_at": now}),
            )
        )
        return str(taken.pk)

    def _post(self, resource: str, body: Json) -> Any:
        answer = self.client.post(f"/api/v1/{resource}", json.dumps(body), content_type="application/json")
        assert answer.status_code < HTTPStatus.BAD_REQUEST, answer.content
        return answer.json()

    def calls_of(self, operation_id: str) -> list[Call]:
        return read_calls(example_files()[operation_id], self.ids)

    def make(self, operation: tuple[str, str], call: Call, client: Client | None = None, **changes: Any) -> Any:
        """Make a call as the example says. `changes`: other `headers`, `content`, or parts of the WSGI environment."""
        method, path = operation
        url = path.format(**call.path) + (f"?{urlencode(call.query)}" if call.query else "")
        headers = {**call.headers, **changes.pop("headers", {})}
        content_type, content = body_of(call)
        content = changes.pop("content", content)
        return (client or self.client).generic(
            method, url, content, content_type=content_type, headers=headers, **changes
        )


def body_of(call: Call) -> tuple[str, str | bytes]:
    """The content type and the content of a call: JSON, a text, or a form with a file and options as JSON."""
    if call.body is None:
        return call.body_type, ""
    if call.body_type == "multipart/form-data":
        parts = {name: part if isinstance(part, str) else json.dumps(part) for name, part in call.body.items()}
        file = SimpleUploadedFile("guests.csv", parts.pop("file").encode(), "text/csv")
        return MULTIPART_CONTENT, encode_multipart(BOUNDARY, {"file": file, **parts})
    return call.body_type, json.dumps(call.body) if call.body_type == JSON_TYPE else call.body
