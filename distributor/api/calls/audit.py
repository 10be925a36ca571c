"""Audit of managing calls: what changes settings, people or running distributions. Sending calls are not touched."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar, Final
from uuid import UUID

import orjson
from django.db import models, transaction
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from channels.models import ProviderAccount, Template
from contacts.models import Contact, MailingList, Suppression
from contacts.models.api_key import Scope
from distributor.api.calls.authentication import caller_key
from distributor.api.request_body import json_body
from distributor.engine.infrastructure.audit import actor_of_key, changes_between, record, snapshot
from distributor.models import Distribution, EventEndpoint, Export, FileImport, Survey
from distributor.models import Response as SurveyResponse

_METHODS: Final = ("post", "put", "patch", "delete")
# The row that a call is about, by the name of the id in its path, or by the collection that it adds to.
_MODELS: Final[dict[str, type[models.Model]]] = {
    "contact": Contact,
    "survey": Survey,
    "template": Template,
    "message": Template,  # as lists and links call it
    "provider": ProviderAccount,
    "suppression": Suppression,
    "list": MailingList,
    "distribution": Distribution,
    "import": FileImport,
    "export": Export,
    "event_endpoint": EventEndpoint,
    "subscription": EventEndpoint,  # as lists and links call it
    "response": SurveyResponse,
}
# Collections with another name than the ids of what is in them.
_NAMES_OF_IDS: Final = {"mailinglist": "list", "eventsubscription": "subscription"}
# Where a row has no organisation of its own.
_ORGANIZATIONS: Final[dict[type[models.Model], str]] = {SurveyResponse: "survey__organization"}
_NAMES: Final = {model: name for name, model in _MODELS.items()}
_BY_LAST_SEGMENT: Final = {
    "pause": "paused",
    "resume": "resumed",
    "cancel": "cancelled",
    "run": "started",
    "batch": "contacts_saved",
    "transactioncontacts": "contacts_saved",
    "imports": "created",
    "clone": "cloned",
    "retry": "retried",
    "steps": "step_added",
    "reminders": "step_added",
    "thankyous": "step_added",
    "opt-out": "opted_out",
    "opt-in": "opted_in",
    "erasures": "erased",
    "suppressions": "suppressed",
    "rotate-secret": "secret_rotated",
    "test": "pinged",
    "redeliver": "redelivered",
    "replay": "replayed",
}


class CreatedResponse(Response):
    """Answers a call that made a row, in an API that does not answer 201."""


class RecordedResponse(Response):
    """Answers a call that has written its entries itself, such as one that deletes several rows."""


class AuditedView(APIView):
    """Writes an entry for each call that changes something with the scope `manage`, in the call's transaction.

    With `is_audited`, also for the other methods that change something: pausing, cancelling, retrying.
    """

    is_audited: ClassVar[bool] = False

    def read_keys(self, name: str, text: str) -> tuple[UUID, UUID] | None:
        """Return the first and the last key that a value of the path may stand for; None if it is no id."""
        try:
            return UUID(text), UUID(text)
        except ValueError:
            return None

    def made_id(self, data: dict[str, Any]) -> Any:
        """Return the id of what a call made, from its answer."""
        return data.get("id")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in _METHODS:
            if name in cls.__dict__:
                setattr(cls, name, _audited(cls.__dict__[name], name.upper()))


def record_call(request: Request, action: str, row: models.Model) -> None:
    """Write what the caller did to a row. For calls that read what is worth an entry, or that only sometimes change."""
    record(actor_of_key(caller_key(request)), action, row)


def _audited(handler: Callable[..., Any], method: str) -> Callable[..., Any]:
    @wraps(handler)
    def handle(view: AuditedView, request: Request, *args: Any, **kwargs: Any) -> Any:
        if not view.is_audited and getattr(view, "scopes", {}).get(method) != Scope.MANAGE:
            return handler(view, request, *args, **kwargs)
        with transaction.atomic():
            row = _find(view, request, kwargs)
            before = snapshot(row)
            response = handler(view, request, *args, **kwargs)
            is_recorded = "Idempotent-Replayed" in response or isinstance(response, RecordedResponse)
            if response.status_code < 300 and not is_recorded and not _is_dry_run(request):
                _write(view, request, response, row, before)
            return response

    return handle


def _write(
    view: "AuditedView", request: Request, response: Response, row: models.Model | None, before: dict[str, Any]
) -> None:
    is_part = row is not None and not _is_last(view, request, row)
    if row is None:
        row = _made(view, request, response)
        changes = changes_between(type(row), {}, snapshot(row)) if row is not None else {}
    else:
        after = type(row)._default_manager.filter(pk=row.pk).first()
        changes = changes_between(type(row), before, snapshot(after)) if after is not None else {}
    action = "changed" if is_part and request.method != "POST" else _action(request, response, row)
    if action == "changed" and "credentials" in changes:
        action = "credentials_changed"
    key = caller_key(request)
    record(actor_of_key(key), action, row, organization_id=key.organization_id, changes=changes)


def _action(request: Request, response: Response, row: models.Model | None) -> str:
    """Return what was done, in a word."""
    if request.method == "POST":
        by_segment = _BY_LAST_SEGMENT.get(_last_segment(request))
        is_new = response.status_code == 201 or isinstance(response, CreatedResponse)
        return by_segment or ("created" if is_new else "changed")
    if request.method == "DELETE":
        # An erased contact stays as a row without a name, and whose suppression is deleted is written to again.
        special = {Contact: "erased", Suppression: "lifted"}
        return special.get(type(row), "deleted") if row is not None else "deleted"
    return "changed"


def _is_last(view: "AuditedView", request: Request, row: models.Model) -> bool:
    """Whether the path ends with the row's id, and not with something of the row, such as a list's contacts."""
    keys = view.read_keys(f"{_NAMES[type(row)]}_id", _last_segment(request))
    return keys is not None and keys[0] <= row.pk <= keys[1]


def _last_segment(request: Request) -> str:
    return str(request.path).rstrip("/").rpartition("/")[2]


def _find(view: "AuditedView", request: Request, path_values: dict[str, Any]) -> models.Model | None:
    """Return the row that the path names, if it is the caller's. Of several, the last; of a removal, the first."""
    rows = []
    for name, text in path_values.items():
        model, keys = _MODELS.get(name.removesuffix("_id")), view.read_keys(name, str(text))
        if model is not None and keys is not None:
            path = _ORGANIZATIONS.get(model, "organization")
            theirs = model._default_manager.filter(**{path: caller_key(request).organization_id})
            rows.append(theirs.filter(pk__range=keys).first())
    found = [row for row in rows if row is not None]
    return (found[0] if request.method == "DELETE" else found[-1]) if found else None


def _made(view: "AuditedView", request: Request, response: Response) -> models.Model | None:
    """Return the row that the call made, by the id in its answer."""
    name = _last_segment(request).removesuffix("s").replace("-", "_")
    name = _NAMES_OF_IDS.get(name, name)
    model, data = _MODELS.get(name), getattr(response, "data", None)
    made_id = view.made_id(data) if isinstance(data, dict) else None
    keys = view.read_keys(f"{name}_id", str(made_id)) if model and made_id else None
    theirs = caller_key(request).organization_id
    return model._default_manager.filter(organization=theirs, pk__range=keys).first() if model and keys else None


def _is_dry_run(request: Request) -> bool:
    try:
        body = orjson.loads(json_body(request) or b"null")
    except Exception:
        return False
    return isinstance(body, dict) and body.get("dryRun") is True
