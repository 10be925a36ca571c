"""The floor behind our front door: a call is authenticated, validated, copied into the tables, and answered.

No question is asked: every contact is taken for a new one, and nobody is judged, scheduled or counted. What a web
process in front of the same tables could reach at most.
"""

from uuid import UUID

import orjson
from django.db import connection, transaction
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from contacts.ids import new_id
from distributor.api.authentication import HasScope, caller_key
from distributor.api.dialects.quick.wire import QuickDistribution
from distributor.rules.codes import mint_codes
from tests.bench.copied_rows import CONTACT_ROWS, RECIPIENT_ROWS


class CopyView(APIView):
    permission_classes = [HasScope]

    def post(self, request: Request, survey_id: UUID) -> Response:
        organization_id = str(caller_key(request).organization_id)
        people = QuickDistribution.model_validate_json(request.body).contacts
        codes = mint_codes(len(people))
        distribution_id, batch_id = str(new_id()), str(new_id())
        contacts, recipients, links = [], [], []
        for each, code in zip(people, codes, strict=True):
            contact_id = str(new_id())
            external_id, email = each.get("external_id") or "", each.get("email") or ""
            data = orjson.dumps(each.get("embedded_data") or {}).decode()
            names = (each.get("first_name") or "", each.get("last_name") or "")
            contacts.append((contact_id, organization_id, external_id, email, *names, data))
            recipients.append((distribution_id, contact_id, code, batch_id, data))
            links.append({"externalId": external_id, "contactId": contact_id, "email": email, "personalLinkCode": code})
        with transaction.atomic(), connection.cursor() as cursor:
            for layout, rows in ((CONTACT_ROWS, contacts), (RECIPIENT_ROWS, recipients)):
                with cursor.copy(layout.statement) as copy:
                    copy.write(layout.lines(rows))
        return Response({"distributionId": distribution_id, "recipientCount": len(links), "personalLinks": links})
