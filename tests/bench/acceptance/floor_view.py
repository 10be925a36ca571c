"""The floor behind our front door: the call is authenticated, validated, copied into the tables, and answered.

Nothing is queried: every contact is taken as new, and nothing is judged, scheduled or counted. This is the most that a
web process in front of the same tables could reach.
"""

from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection, transaction
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from contacts.ids import new_id
from contacts.models.api_key import Scope
from distributor.api.calls.authentication import HasScope, caller_key
from distributor.api.dialects.quick.wire import QuickDistribution
from distributor.api.dialects.single_send.wire import SingleSend
from distributor.rules.link_codes import mint_codes
from tests.bench.stage.copied_rows import CONTACT_ROWS, RECIPIENT_ROWS

NULL = r"\N"


class CopyView(APIView):
    permission_classes = [HasScope]
    scopes: ClassVar = {"POST": Scope.SEND}

    def post(self, request: Request, survey_id: UUID) -> Response:
        people = QuickDistribution.model_validate_json(request.body).contacts
        copied = _copy_people(
            caller_key(request).organization_id,
            (
                (
                    each.get("external_id") or "",
                    each.get("email") or "",
                    each.get("first_name") or "",
                    each.get("last_name") or "",
                    orjson.dumps(each.get("embedded_data") or {}).decode(),
                )
                for each in people
            ),
            len(people),
        )
        links = [
            {
                "externalId": each.get("external_id"),
                "contactId": contact_id,
                "email": each.get("email"),
                "personalLinkCode": code,
            }
            for each, contact_id, code in zip(people, copied.contact_ids, copied.codes, strict=True)
        ]
        return Response(
            {"distributionId": copied.distribution_id, "recipientCount": len(links), "personalLinks": links}
        )


class CopySingleSendView(APIView):
    permission_classes = [HasScope]
    scopes: ClassVar = {"POST": Scope.SEND}

    def post(self, request: Request) -> Response:
        wire = SingleSend.model_validate_json(request.body)
        rows = []
        for each in wire.recipients:
            first_name, _, last_name = (each.get("name") or "").partition(" ")
            data = orjson.dumps(each.get("attributes") or {}).decode()
            rows.append((NULL, each.get("email") or "", first_name, last_name, data))
        copied = _copy_people(caller_key(request).organization_id, rows, len(rows))
        items: list[dict[str, Any]] = [
            {
                "email": each.get("email"),
                "name": each.get("name"),
                "channel": wire.channel,
                "locale": each.get("locale"),
                "link": f"{settings.PUBLIC_BASE_URL}/p/{code}",
                "scheduled_at": None,
                "expires_at": None,
                "type": wire.type,
                "attributes": each.get("attributes"),
            }
            for each, code in zip(wire.recipients, copied.codes, strict=True)
        ]
        return Response({"items": items}, status=201)


class _Copied(NamedTuple):
    distribution_id: str
    contact_ids: list[str]
    codes: list[str]


def _copy_people(organization_id: UUID, people: Iterable[tuple[str, ...]], count: int) -> _Copied:
    """Copy people, given as external id, e-mail, first and last name and data, into the two tables."""
    copied = _Copied(str(new_id()), [str(new_id()) for _ in range(count)], mint_codes(count))
    organization, batch_id = str(organization_id), str(new_id())
    contacts, recipients = [], []
    for contact_id, code, row in zip(copied.contact_ids, copied.codes, people, strict=True):
        contacts.append((contact_id, organization, *row))
        recipients.append((copied.distribution_id, contact_id, code, batch_id, row[-1]))
    with transaction.atomic(), connection.cursor() as cursor:
        for layout, rows in ((CONTACT_ROWS, contacts), (RECIPIENT_ROWS, recipients)):
            with cursor.copy(layout.statement) as copy:
                copy.write(layout.lines(rows))
    return copied
