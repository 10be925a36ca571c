"""The rival of single send: the call as it is usually written with Django REST framework.

Like the views in naive_views.py, it does less than the product: no throttling, no suppressions, no organisation
defaults, and nothing is queued.
"""

from typing import Any, ClassVar, cast

from django.conf import settings
from django.db.models.functions import Lower
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.crypto import get_random_string
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from contacts.models import MailingList, Organization
from contacts.models.api_key import Scope
from distributor.api.calls.authentication import HasScope, caller_key
from distributor.models import Distribution, Survey
from tests.bench.models import RivalContact, RivalRecipient


class SingleRecipientSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField()
    name = serializers.CharField(max_length=255, required=False, default="")
    locale = serializers.CharField(max_length=35, required=False, default="en")
    attributes = serializers.DictField(required=False, default=dict)


class SingleSendSerializer(serializers.Serializer[Any]):
    form_id = serializers.UUIDField()
    recipients = SingleRecipientSerializer(many=True, min_length=1, max_length=1000)  # type: ignore[call-arg]
    channel = serializers.ChoiceField(["email", "sms", "whatsapp"], default="email")


class NaiveSingleSendView(APIView):
    """For each recipient, find or create the contact by address, then create the recipient."""

    permission_classes = [HasScope]
    scopes: ClassVar = {"POST": Scope.SEND}

    def post(self, request: Request) -> Response:
        organization = caller_key(request).organization
        serializer = SingleSendSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wanted: dict[str, Any] = serializer.validated_data
        distribution = Distribution.objects.create(
            organization=organization,
            survey=get_object_or_404(Survey, pk=wanted["form_id"], organization=organization),
            mailing_list=MailingList.objects.create(organization=organization),
            source="bench",
            accepted_count=len(wanted["recipients"]),
            created_at=timezone.now(),
        )
        items = [_send(organization, distribution, each) for each in wanted["recipients"]]
        return Response({"items": items}, status=201)


def _send(organization: Organization, distribution: Distribution, wanted: dict[str, Any]) -> dict[str, Any]:
    # Matches the index on addresses; `iexact` would read the whole table.
    of_address = RivalContact.objects.alias(address=Lower("email")).filter(address=wanted["email"].lower())
    contact = cast(RivalContact | None, of_address.filter(organization=organization).exclude(email="").first())
    first_name, _, last_name = wanted["name"].partition(" ")
    if contact is None:
        contact = RivalContact(organization=organization, email=wanted["email"])
    contact.first_name, contact.last_name = first_name, last_name
    contact.save()
    recipient = RivalRecipient.objects.create(
        distribution=distribution,
        contact=contact,
        code=get_random_string(12),
        batch_id=distribution.id,
        attributes=wanted["attributes"],
        locale=wanted["locale"],
    )
    return {
        "email": contact.email,
        "name": wanted["name"],
        "channel": "email",
        "locale": recipient.locale,
        "link": f"{settings.PUBLIC_BASE_URL}/p/{recipient.code}",
        "scheduled_at": None,
        "expires_at": None,
        "type": "one_time",
        "attributes": wanted["attributes"],
    }
