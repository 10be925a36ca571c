"""Export everything known of a contact."""

from typing import ClassVar

from django.http import StreamingHttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from contacts.models import Contact
from contacts.models.api_key import Scope
from distributor.api.calls.audit import record_call
from distributor.api.native.contacts.export_document import ExportDocument
from distributor.api.native.operations import CONTACTS, ERRORS_OF_DETAIL
from distributor.api.native.rows import find_row, own_rows
from distributor.api.native.view import NativeView
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.privacy.export import export_contact
from distributor.engine.privacy.json_export import write_json


class ContactExport(NativeView):
    """Everything known of one contact."""

    scopes: ClassVar = {"GET": Scope.MANAGE}

    @extend_schema(
        operation_id="exportContact",
        summary="Export a contact",
        tags=CONTACTS,
        responses={200: ExportDocument} | ERRORS_OF_DETAIL,
    )
    def get(self, request: Request, contact_id: str) -> StreamingHttpResponse:
        """Return everything known of a contact, for a person who asks what you keep of them.

        The answer is sent while it is read, however long it is. An address may be shared: suppressions of it and texts
        from it are then part of the export of each of its holders.
        """
        contacts = own_rows(request, Contact).filter(erased_at=None).select_related("organization")
        contact = find_row(contacts, contact_id, "contact")
        record_call(request, "exported", contact)
        now = database_now()
        return StreamingHttpResponse(
            write_json(export_contact(contact), now),
            content_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="contact-{contact.pk}.json"'},
        )
