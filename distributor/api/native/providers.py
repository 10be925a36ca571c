"""/api/v1/providers: the accounts that messages are handed to."""

from http import HTTPStatus
from typing import ClassVar

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from channels.models import ProviderAccount
from contacts.models.api_key import Scope
from distributor.api.authentication import caller_key
from distributor.api.native.owned import (
    CONFLICT,
    ERRORS_OF_A_BODY,
    ERRORS_OF_ONE,
    PAGE,
    answer_page,
    delete_one,
    find_one,
    own_rows,
)
from distributor.api.native.provider_wire import (
    ProviderBody,
    ProviderChanges,
    ProviderDocument,
    ProviderPage,
    account_check,
    merged,
    render_provider,
)
from distributor.api.native.shapes import parse_checked


class Providers(APIView):
    """The organisation's provider accounts."""

    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.MANAGE}

    @extend_schema(
        operation_id="list_providers",
        tags=["native"],
        parameters=PAGE,
        responses={200: ProviderPage} | ERRORS_OF_A_BODY,
    )
    def get(self, request: Request) -> Response:
        return answer_page(request, own_rows(request, ProviderAccount), render_provider)

    @extend_schema(
        operation_id="create_provider",
        tags=["native"],
        request=ProviderBody,
        responses={201: ProviderDocument} | ERRORS_OF_A_BODY,
    )
    def post(self, request: Request) -> Response:
        organization = caller_key(request).organization
        said = parse_checked(ProviderBody, request.body, account_check(organization, None)).said()
        for name in ("configuration", "credentials"):
            said[name] = merged({}, said.get(name, {}))
        made = ProviderAccount.objects.create(organization=organization, **said)
        return Response(render_provider(made), HTTPStatus.CREATED)


class OneProvider(APIView):
    """A provider account."""

    scopes: ClassVar = {"GET": Scope.READ, "PATCH": Scope.MANAGE, "DELETE": Scope.MANAGE}

    @extend_schema(operation_id="read_provider", tags=["native"], responses={200: ProviderDocument} | ERRORS_OF_ONE)
    def get(self, request: Request, provider_id: str) -> Response:
        return Response(render_provider(find_one(own_rows(request, ProviderAccount), provider_id, "provider")))

    @extend_schema(
        operation_id="change_provider",
        tags=["native"],
        request=ProviderChanges,
        responses={200: ProviderDocument} | ERRORS_OF_ONE | ERRORS_OF_A_BODY,
    )
    @transaction.atomic
    def patch(self, request: Request, provider_id: str) -> Response:
        """Change what is given, and nothing else. Messages that leave from now on go by it."""
        # Locked before it is judged: of two simultaneous changes the later must fit what the earlier left.
        rows = own_rows(request, ProviderAccount).select_for_update(no_key=True)
        account = find_one(rows, provider_id, "provider")
        said = parse_checked(ProviderChanges, request.body, account_check(account.organization, account)).said()
        for name, value in said.items():
            by_key = name in ("configuration", "credentials")
            setattr(account, name, merged(getattr(account, name), value) if by_key else value)
        account.save(update_fields=list(said))
        return Response(render_provider(account))

    @extend_schema(operation_id="delete_provider", tags=["native"], responses={204: None} | ERRORS_OF_ONE | CONFLICT)
    def delete(self, request: Request, provider_id: str) -> Response:
        """Only an account that nothing was sent with: 409 otherwise; isActive false puts it out of use."""
        return delete_one(own_rows(request, ProviderAccount), provider_id, "provider")
