"""Erase whatever is known of an address."""

from collections.abc import Iterator
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.channel import Channel
from contacts.models.api_key import Scope
from contacts.suppressions import spell_address
from distributor.api.answers.problems import Fault
from distributor.api.bodies.validation import parse_body
from distributor.api.calls.authentication import caller_key
from distributor.api.native.operations import CONTACTS, ERRORS_OF_BODY
from distributor.api.native.view import NativeView
from distributor.api.request_body import json_body
from distributor.api.wire import Body, Document
from distributor.engine.consent.erase import erase_address, holders_of
from distributor.engine.infrastructure.clock import database_now

_INVALID = "Not an e-mail address and not a phone number. Use ann@example.com, or E.164 such as +48601234567."


class ErasureBody(Body):
    """An address to erase."""

    address: str = Field(description="An e-mail address or a phone number.", examples=["ann@example.com"])
    dry_run: bool = Field(False, description="Answer who would be erased, and erase nothing.", examples=[True])


class ErasureDocument(Document):
    """What was erased, or would be."""

    dry_run: bool = Field(description="Whether nothing was erased, because the call only asked.", examples=[False])
    contact_ids: list[UUID] = Field(
        description="The contacts that had the address.", examples=[["0194c4f0-5a3d-7b19-a0c4-9d1e2f3a4b5c"]]
    )


class Erasures(NativeView):
    """Erases people by address."""

    scopes: ClassVar = {"POST": Scope.MANAGE}

    @extend_schema(
        operation_id="eraseAddress",
        summary="Erase an address",
        tags=CONTACTS,
        request=ErasureBody,
        responses={200: ErasureDocument} | ERRORS_OF_BODY,
    )
    def post(self, request: Request) -> Response:
        """Erase every contact that has an address, and everything else known of the address.

        For a person who asks to be forgotten and whom you know by an address only. It may be the address of several
        contacts, and of none: texts from a phone number are known without one. Ask first with `dryRun: true`.
        Idempotent: repeating the call erases nothing more.
        """
        organization = caller_key(request).organization
        region = organization.phone_region
        body = parse_body(ErasureBody, json_body(request), lambda given: _address_faults(region, given))
        address = _spell(body.address, region)
        assert address is not None
        if body.dry_run:
            contact_ids = holders_of(organization.pk, address)
        else:
            contact_ids = erase_address(organization.pk, address, database_now())
        return Response(ErasureDocument(dry_run=body.dry_run, contact_ids=contact_ids).rendered())


def _spell(address: str, region: str) -> str | None:
    return spell_address(Channel.EMAIL if "@" in address else Channel.SMS, address, region)


def _address_faults(region: str, given: dict[str, Any]) -> Iterator[Fault]:
    address = given.get("address")
    if isinstance(address, str) and _spell(address, region) is None:
        yield Fault("/address", "invalid_address", _INVALID)
