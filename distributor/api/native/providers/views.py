"""Create, read, change and delete provider accounts."""

from http import HTTPStatus
from typing import ClassVar

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from channels.account_changes import credentials_after, merged
from channels.models import ProviderAccount
from contacts.models.api_key import Scope
from distributor.api.bodies.validation import parse_body
from distributor.api.calls.authentication import caller_key
from distributor.api.native.operations import (
    CONFLICT,
    ERRORS,
    ERRORS_OF_BODY,
    ERRORS_OF_DETAIL,
    INVALID,
    PAGE,
    PROVIDERS,
)
from distributor.api.native.providers.faults import account_faults
from distributor.api.native.providers.wire import (
    ProviderBody,
    ProviderChanges,
    ProviderDocument,
    ProviderPage,
    render_provider,
)
from distributor.api.native.rows import answer_page, delete_row, find_row, own_rows
from distributor.api.native.view import NativeView
from distributor.api.request_body import json_body


def _rows_with_health(request: Request) -> QuerySet[ProviderAccount]:
    return own_rows(request, ProviderAccount).select_related("pace").prefetch_related("refused_senders")


class Providers(NativeView):
    """The organisation's provider accounts."""

    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.MANAGE}

    @extend_schema(
        operation_id="listProviders",
        summary="List provider accounts",
        tags=PROVIDERS,
        parameters=PAGE,
        responses={200: ProviderPage} | INVALID | ERRORS,
    )
    def get(self, request: Request) -> Response:
        """List the organisation's provider accounts, newest first."""
        return answer_page(request, _rows_with_health(request), render_provider)

    @extend_schema(
        operation_id="createProvider",
        summary="Create a provider account",
        tags=PROVIDERS,
        request=ProviderBody,
        responses={201: ProviderDocument} | ERRORS_OF_BODY,
    )
    def post(self, request: Request) -> Response:
        """Create an account. The settings and credentials that it needs depend on its kind."""
        organization = caller_key(request).organization
        body = parse_body(ProviderBody, json_body(request), lambda given: account_faults(organization, None, given))
        values = body.given_values()
        for name in ("configuration", "credentials"):
            values[name] = merged({}, values.get(name, {}))
        account = ProviderAccount.objects.create(organization=organization, **values)
        return Response(render_provider(account), HTTPStatus.CREATED)


class ProviderDetail(NativeView):
    """One provider account."""

    scopes: ClassVar = {"GET": Scope.READ, "PATCH": Scope.MANAGE, "DELETE": Scope.MANAGE}

    @extend_schema(
        operation_id="getProvider",
        summary="Get a provider account",
        tags=PROVIDERS,
        responses={200: ProviderDocument} | ERRORS_OF_DETAIL,
    )
    def get(self, request: Request, provider_id: str) -> Response:
        """Return one account. Its credentials are not returned, only their names."""
        return Response(render_provider(find_row(_rows_with_health(request), provider_id, "provider")))

    @extend_schema(
        operation_id="updateProvider",
        summary="Change a provider account",
        tags=PROVIDERS,
        request=ProviderChanges,
        responses={200: ProviderDocument} | ERRORS_OF_DETAIL | ERRORS_OF_BODY,
    )
    @transaction.atomic
    def patch(self, request: Request, provider_id: str) -> Response:
        """Change the given fields and no others. Messages that leave from now on use the new values.

        Credentials belong to the address they were entered for. A change of a setting that chooses the server
        (`baseUrl`, `lookupsBaseUrl`, `esp`, `region`, and for SMTP `host`, `port`, `security`) clears all stored
        credentials except those that the same call gives: `credentialNames` and `faults` show what is missing.
        """
        # Locked before validation: of two simultaneous changes, the later must fit what the earlier left.
        rows = own_rows(request, ProviderAccount).select_for_update(no_key=True)
        account = find_row(rows, provider_id, "provider")
        organization = account.organization
        body = parse_body(
            ProviderChanges, json_body(request), lambda given: account_faults(organization, account, given)
        )
        values = body.given_values()
        before = account.configuration
        values["configuration"] = after = merged(before, values.get("configuration", {}))
        values["credentials"] = credentials_after(
            account.kind, before, after, account.credentials, values.get("credentials", {})
        )
        for name, value in values.items():
            setattr(account, name, value)
        account.save(update_fields=list(values))
        return Response(render_provider(account))

    @extend_schema(
        operation_id="deleteProvider",
        summary="Delete a provider account",
        tags=PROVIDERS,
        responses={204: None} | ERRORS_OF_DETAIL | CONFLICT,
    )
    def delete(self, request: Request, provider_id: str) -> Response:
        """Delete an account that nothing was sent with.

        An account that was used cannot be deleted: 409. Set `isActive` to false instead.
        """
        return delete_row(own_rows(request, ProviderAccount), provider_id, "provider")
