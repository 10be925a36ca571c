"""Views of `POST /base/Account/Login` and `POST /base/Recipient/Add`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from pydantic import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from contacts.api_keys import find_api_key
from contacts.models import MailingList
from contacts.models.api_key import Scope
from distributor.api.answers.unknown_address import UnknownAddress
from distributor.api.bodies.dry_run import DryRunResponse
from distributor.api.calls.authentication import ApiKeyAuthentication, caller_key
from distributor.api.calls.idempotency import idempotent_after
from distributor.api.dialects.recipient_add import faults
from distributor.api.dialects.recipient_add.duplication import InvalidDuplicationError, to_duplication
from distributor.api.dialects.recipient_add.sessions import SessionAuthentication, begin_session
from distributor.api.dialects.recipient_add.translate import (
    SOURCE,
    Candidate,
    apply_checks,
    numbers_to_check,
    to_answer,
    to_candidates,
    to_dry_run_answer,
)
from distributor.api.dialects.recipient_add.wire import (
    AddAnswer,
    AddRecipients,
    ErrorTexts,
    Login,
    LoginAnswer,
    read_body,
    read_login,
)
from distributor.api.request_body import json_body
from distributor.engine.audience.add_to_list import add_to_list, dry_run_add_to_list, find_list
from distributor.engine.audience.number_lookup import check_numbers
from distributor.engine.infrastructure.clock import database_now
from distributor.rules.duplicates import Duplication

_TAGS = ["Recipient add"]


class _View(APIView):
    def get_exception_handler(self) -> Callable[[Exception, Mapping[str, Any]], Response]:
        return faults.render_error


class AccountLogin(_View):
    """`POST /base/Account/Login`."""

    authentication_classes = []
    permission_classes = []

    @extend_schema(
        operation_id="logIn",
        summary="Log in",
        tags=_TAGS,
        request=Login,
        responses={
            HTTPStatus.OK: LoginAnswer,
            HTTPStatus.BAD_REQUEST: ErrorTexts,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ErrorTexts,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE: ErrorTexts,
        },
    )
    def post(self, request: Request) -> Response:
        """Log in with an API key as the password.

        The answer sets a session cookie for calls below `/base/`. It has the key's scopes and lasts 8 hours, or until
        the key expires. Calls with the cookie need `Content-Type: application/json`.
        """
        try:
            body = read_login(json_body(request))
        except ValidationError as error:
            raise faults.explain_body(error) from None
        key = find_api_key(body.password.strip())
        if key is None:
            raise faults.wrong_password()
        response = Response({"Status": "Success"})
        begin_session(response, key)
        return response


@dataclass(frozen=True, slots=True)
class _PreparedCall:
    """A call whose body was read. With `duplication_faults` nobody is added."""

    mailing_list: MailingList
    candidates: Sequence[Candidate]
    duplication: Duplication
    is_dry_run: bool
    duplication_faults: Sequence[str] = ()


def _prepare(view: APIView, request: Request) -> _PreparedCall:
    """Do everything that must not happen within the transaction: numbers are looked up over the network."""
    organization = caller_key(request).organization
    try:
        body = read_body(AddRecipients, json_body(request))
    except ValidationError as error:
        raise faults.explain_body(error) from None
    mailing_list = find_list(organization, body.list_name)
    if mailing_list is None:
        raise faults.no_such_list()
    candidates = to_candidates(body, organization.phone_region)
    try:
        duplication = to_duplication(body.duplication)
    except InvalidDuplicationError as error:
        return _PreparedCall(mailing_list, candidates, Duplication(), body.dry_run, error.faults)
    checks = check_numbers(organization, numbers_to_check(candidates))
    return _PreparedCall(mailing_list, apply_checks(candidates, checks), duplication, body.dry_run)


class RecipientAdd(_View):
    """`POST /base/Recipient/Add`."""

    authentication_classes = [ApiKeyAuthentication, SessionAuthentication]
    scopes: ClassVar = {"POST": Scope.SEND}

    @extend_schema(
        operation_id="addRecipients",
        summary="Add recipients to a list",
        tags=_TAGS,
        request=AddRecipients,
        responses={HTTPStatus.OK: AddAnswer} | dict.fromkeys((400, 403, 409, 413, 415, 422), ErrorTexts),
    )
    @idempotent_after(_prepare)
    def post(self, request: Request, call: _PreparedCall) -> Response:
        """Add recipients to a list, and invite them if the list is connected to a survey.

        Answers 200 whether all, some or none of the recipients could be added: `Errors` lists those that were not.
        With `DryRun: true` nothing is changed.
        """
        key, now = caller_key(request), database_now()  # look-ups of numbers took their time
        newcomers = [candidate.newcomer for candidate in call.candidates if not candidate.message]
        added = planned = None
        if newcomers and not call.duplication_faults:
            try:
                if call.is_dry_run:
                    planned = dry_run_add_to_list(call.mailing_list, key, newcomers, call.duplication, SOURCE, now)
                else:
                    added = add_to_list(call.mailing_list, key, newcomers, call.duplication, SOURCE, now)
            except faults.REFUSALS as refusal:
                raise faults.explain_refusal(refusal) from None
        answer = to_answer(call.candidates, planned or added, key.organization, now, call.duplication_faults)
        return DryRunResponse(to_dry_run_answer(answer, planned)) if call.is_dry_run else Response(answer)


class UnknownPath(_View, UnknownAddress):
    """Answers unknown paths below `/base/` in this dialect's shape."""

    authentication_classes = [ApiKeyAuthentication, SessionAuthentication]
