"""Views of `…/transactioncontacts`, `…/transactioncontacts/{id}`, its `/summary`, and the report of an import."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.calls.authentication import caller_key
from distributor.api.dialects.distributions_v3.documentation import DIRECTORY_ID, IMPORT_ID, LIST_ID, TAGS
from distributor.api.dialects.distributions_v3.envelope import (
    BODY_ERRORS,
    PATH_ERRORS,
    DialectView,
    answer_result,
    enveloped,
)
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.imports.body import ContactImportBody, read_import
from distributor.api.dialects.distributions_v3.imports.elements import (
    ImportProgress,
    ImportReport,
    ImportStarted,
    ImportSummary,
    render_progress,
    render_started,
    render_summary,
)
from distributor.api.dialects.distributions_v3.lists.mailing_lists import find_list
from distributor.api.dialects.distributions_v3.paging import url_of
from distributor.api.dialects.distributions_v3.references import find_by_id, require_own
from distributor.engine.imports.checked import FORMAT, import_checked
from distributor.engine.infrastructure.audit import actor_of_key
from distributor.engine.infrastructure.clock import database_now
from distributor.models import FileImport


class ContactImports(DialectView):
    scopes: ClassVar = {"POST": Scope.MANAGE}

    @extend_schema(
        operation_id="v3ImportContacts",
        summary="Import contacts to a mailing list",
        tags=TAGS,
        parameters=[DIRECTORY_ID, LIST_ID],
        request=ContactImportBody,
        responses={200: enveloped(ImportStarted)} | PATH_ERRORS | BODY_ERRORS,
    )
    def post(self, request: Request, directory_id: str, list_id: str) -> Response:
        """Create or change up to 10,000 contacts and put them on the list.

        Up to 1,000 are written at once. More are written by workers: ask the import how far they have come. Each
        contact is judged on its own, and one with a fault is counted as failed. A phone that is no number is left out,
        and told in `meta.warnings`, if the contact has an extRef or email.
        """
        mailing_list = find_list(request, directory_id, list_id)
        key = caller_key(request)
        given, warnings = read_import(request, key.organization)
        row = import_checked(key.organization, key, actor_of_key(key).name, mailing_list, given, database_now())
        url = url_of(request, f"{request.path}/{public_id(Kind.IMPORT, row.pk)}")
        return answer_result(render_started(row, url), warnings)


class ContactImportDetail(DialectView):
    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3GetImport",
        summary="Show how far an import has come",
        tags=TAGS,
        parameters=[DIRECTORY_ID, LIST_ID, IMPORT_ID],
        responses={200: enveloped(ImportProgress)} | PATH_ERRORS,
    )
    def get(self, request: Request, directory_id: str, list_id: str, import_id: str) -> Response:
        """Return how many contacts were written, and how many are still to be. Imports are kept for 30 days."""
        return answer_result(render_progress(_find_of_list(request, directory_id, list_id, import_id)))


class ContactImportSummary(DialectView):
    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3GetImportSummary",
        summary="Show the summary of an import",
        tags=TAGS,
        parameters=[DIRECTORY_ID, LIST_ID, IMPORT_ID],
        responses={200: enveloped(ImportSummary)} | PATH_ERRORS,
    )
    def get(self, request: Request, directory_id: str, list_id: str, import_id: str) -> Response:
        """Return how far the import has come, and which e-mail addresses are none."""
        return answer_result(render_summary(_find_of_list(request, directory_id, list_id, import_id)))


class ContactImportReport(DialectView):
    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3GetImportReport",
        summary="Show the report of an import",
        tags=TAGS,
        parameters=[DIRECTORY_ID, IMPORT_ID],
        responses={200: ImportReport} | PATH_ERRORS,
    )
    def get(self, request: Request, directory_id: str, import_id: str) -> Response:
        """Return the summary of an import as `results` and as `result`."""
        require_own(caller_key(request).organization, Kind.DIRECTORY, directory_id)
        response = answer_result(render_summary(_find(request, import_id)))
        response.data = {"results": response.data["result"], **response.data}
        return response


def _find_of_list(request: Request, directory_id: str, list_id: str, import_id: str) -> FileImport:
    mailing_list = find_list(request, directory_id, list_id)
    return _find(request, import_id, mailing_list=mailing_list)


def _find(request: Request, import_id: str, **of_list: object) -> FileImport:
    imports = FileImport.objects.filter(organization=caller_key(request).organization, format=FORMAT, **of_list)
    return find_by_id(imports, Kind.IMPORT, import_id)
