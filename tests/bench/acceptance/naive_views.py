"""The rivals of acceptance: the quick call as it is usually written with Django REST framework.

Both do less than the product: no merge of embedded data, no opt-outs, suppressions or frequency rules, no contacts
without an external id, and nothing is queued. The naive one uses Django's default of one transaction per query.
"""

from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.crypto import get_random_string
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from channels.models import ProviderAccount, Template
from contacts.models import MailingList, Organization
from contacts.models.api_key import Scope
from distributor.api.calls.authentication import HasScope, caller_key
from distributor.models import Distribution, Step, Survey
from tests.bench.models import RivalContact, RivalRecipient

CONTACT_FIELDS = ["email", "first_name", "last_name", "embedded_data", "updated_at"]


# ruff: noqa: N815  fields are named as in the request body
class ContactSerializer(serializers.Serializer[Any]):
    externalId = serializers.CharField(max_length=255)
    email = serializers.EmailField()
    firstName = serializers.CharField(max_length=255, required=False, default="")
    lastName = serializers.CharField(max_length=255, required=False, default="")
    embeddedData = serializers.DictField(child=serializers.CharField(), required=False, default=dict)


class ChannelSerializer(serializers.Serializer[Any]):
    channel = serializers.ChoiceField(["email", "sms", "whatsapp"])
    providerId = serializers.UUIDField()
    templateId = serializers.UUIDField()
    priority = serializers.IntegerField(min_value=1, max_value=10, default=1)


class QuickSerializer(serializers.Serializer[Any]):
    surveyId = serializers.UUIDField()
    contacts = ContactSerializer(many=True, min_length=1, max_length=1000)  # type: ignore[call-arg]
    channels = ChannelSerializer(many=True, min_length=1)  # type: ignore[call-arg]
    name = serializers.CharField(max_length=255, required=False, default="")


class NaiveOrmView(APIView):
    """For each contact, `update_or_create` it, then create the recipient."""

    permission_classes = [HasScope]
    scopes: ClassVar = {"POST": Scope.SEND}

    def post(self, request: Request, survey_id: UUID) -> Response:
        organization = caller_key(request).organization
        wanted = validate(request)
        distribution = create_distribution(organization, survey_id, wanted)
        links = []
        for each in wanted["contacts"]:
            contact, _ = RivalContact.objects.update_or_create(
                organization=organization,
                external_id=each["externalId"],
                defaults={
                    "email": each["email"],
                    "first_name": each["firstName"],
                    "last_name": each["lastName"],
                    "embedded_data": each["embeddedData"],
                },
            )
            recipient = RivalRecipient.objects.create(
                distribution=distribution,
                contact=contact,
                code=get_random_string(12),
                batch_id=distribution.id,
                attributes=each["embeddedData"],
            )
            links.append(personal_link(recipient, contact))
        return Response(answer(distribution, links))


class BulkOrmView(APIView):
    """The same with `bulk_create`: an upsert of all contacts, a look-up of their ids, an insert of all recipients."""

    permission_classes = [HasScope]
    scopes: ClassVar = {"POST": Scope.SEND}

    @transaction.atomic
    def post(self, request: Request, survey_id: UUID) -> Response:
        organization = caller_key(request).organization
        wanted = validate(request)
        distribution = create_distribution(organization, survey_id, wanted)
        RivalContact.objects.bulk_create(
            [
                RivalContact(
                    organization=organization,
                    external_id=each["externalId"],
                    email=each["email"],
                    first_name=each["firstName"],
                    last_name=each["lastName"],
                    embedded_data=each["embeddedData"],
                )
                for each in wanted["contacts"]
            ],
            update_conflicts=True,
            unique_fields=["organization", "external_id"],
            update_fields=CONTACT_FIELDS,
        )
        # After an upsert the objects keep the ids made in Python, even where a row existed, so ids are queried.
        external_ids = [each["externalId"] for each in wanted["contacts"]]
        found = RivalContact.objects.filter(organization=organization, external_id__in=external_ids)
        contacts = {contact.external_id: contact for contact in found}
        recipients = RivalRecipient.objects.bulk_create(
            RivalRecipient(
                distribution=distribution,
                contact=contacts[each["externalId"]],
                code=get_random_string(12),
                batch_id=distribution.id,
                attributes=each["embeddedData"],
            )
            for each in wanted["contacts"]
        )
        return Response(answer(distribution, [personal_link(each, each.contact) for each in recipients]))


def validate(request: Request) -> dict[str, Any]:
    serializer = QuickSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    validated: dict[str, Any] = serializer.validated_data
    return validated


def create_distribution(organization: Organization, survey_id: UUID, wanted: dict[str, Any]) -> Distribution:
    survey = get_object_or_404(Survey, pk=survey_id, organization=organization)
    distribution = Distribution.objects.create(
        organization=organization,
        survey=survey,
        mailing_list=MailingList.objects.create(organization=organization, name=wanted["name"]),
        source="bench",
        name=wanted["name"],
        accepted_count=len(wanted["contacts"]),
        created_at=timezone.now(),
    )
    for position, each in enumerate(wanted["channels"]):
        Step.objects.create(
            distribution=distribution,
            position=position,
            priority=each["priority"],
            channel=each["channel"],
            provider_account=get_object_or_404(ProviderAccount, pk=each["providerId"], organization=organization),
            template=get_object_or_404(Template, pk=each["templateId"], organization=organization),
        )
    return distribution


def personal_link(recipient: RivalRecipient, contact: RivalContact) -> dict[str, Any]:
    return {
        "externalId": contact.external_id,
        "contactId": contact.id,
        "email": contact.email,
        "personalLinkCode": recipient.code,
    }


def answer(distribution: Distribution, links: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "distributionId": distribution.id,
        "mailingListId": distribution.mailing_list_id,
        "recipientCount": len(links),
        "personalLinks": links,
        "status": "sending",
    }


class NaiveEventView(APIView):
    """A provider's events: get and save the row of each."""

    authentication_classes = []
    permission_classes = []

    def post(self, request: Request) -> Response:
        reports: Any = request.data
        for report in reports:
            recipient = RivalRecipient.objects.get(id=report["recipient_id"])
            if report["event"] == "open":
                recipient.first_opened_at = recipient.first_opened_at or timezone.now()
            else:
                recipient.outcome = report["event"]
            recipient.save()
        return Response(status=204)
