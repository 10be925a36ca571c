"""Writing the audit log, in the transaction of the change."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import models

from contacts.models import ApiKey, ConsentEvent, Contact, MailingList, Organization, Suppression
from distributor.engine.infrastructure.clock import database_now
from distributor.models import AuditEntry, Distribution, ListConnection, Recipient
from distributor.models.audit_entry import ActorKind

CHANGED: Final = "…"
# Fields of free text that hold names of settings, never a person's.
_NAMES: Final = frozenset({"name", "slug", "time_zone", "phone_region", "cron", "default_locale", "kind", "locale"})
# Lists and distributions are named by callers, sometimes for one person.
_ABOUT_PEOPLE: Final = (Contact, Suppression, ConsentEvent, Recipient, MailingList, Distribution)
_PLAIN: Final = (
    models.BooleanField,
    models.IntegerField,
    models.FloatField,
    models.DateTimeField,
    models.DateField,
    models.TimeField,
    models.UUIDField,
    models.ForeignKey,
)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something."""

    kind: ActorKind
    id: str = ""
    name: str = ""


SYSTEM: Final = Actor(ActorKind.SYSTEM)


def actor_of_key(key: ApiKey) -> Actor:
    return Actor(ActorKind.API_KEY, str(key.pk), f"{key.name} ({key.prefix})")


def actor_of_user(user: Any) -> Actor:
    return Actor(ActorKind.USER, str(user.pk or ""), user.get_username())


def record(
    actor: Actor,
    action: str,
    row: models.Model | None = None,
    *,
    organization_id: UUID | None = None,
    changes: Mapping[str, Any] | None = None,
) -> None:
    """Write what was done to a row (None: to no row in particular), in the caller's transaction."""
    AuditEntry.objects.create(
        at=database_now(),
        organization_id=organization_id or (organization_of(row) if row is not None else None),
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name[:255],
        action=action[:31],
        object_type=str(type(row)._meta.model_name) if row is not None else "",
        object_id=str(row.pk) if row is not None else "",
        changes=dict(changes or {}),
        request_id=structlog.contextvars.get_contextvars().get("request_id", ""),
    )


def organization_of(row: models.Model) -> UUID | None:
    """Return the organisation that a row belongs to; None if it belongs to the installation."""
    if isinstance(row, Organization):
        return row.pk
    if isinstance(row, ListConnection):
        return row.mailing_list.organization_id
    if isinstance(row, Recipient):
        return row.distribution.organization_id
    return getattr(row, "organization_id", None)


def snapshot(row: models.Model | None) -> dict[str, Any]:
    """Return a row's values by field, for changes_between()."""
    if row is None:
        return {}
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def changes_between(model: type[models.Model], before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return [before, after] of each field that differs; of secrets, texts and people only that it changed."""
    changes = {}
    for field in model._meta.concrete_fields:
        old, new = before.get(field.attname), after.get(field.attname)
        if old == new or field.attname == "updated_at":
            continue
        changes[field.attname] = [_shown(model, field, old), _shown(model, field, new)]
    return changes


def _shown(model: type[models.Model], field: "models.Field[Any, Any]", value: Any) -> Any:
    if value in (None, "", [], {}):
        return value
    is_plain = isinstance(field, _PLAIN) or bool(field.choices)
    is_name = field.attname in _NAMES and not issubclass(model, _ABOUT_PEOPLE)
    if not is_plain and not is_name:
        return CHANGED
    return value if isinstance(value, bool | int | float) else str(value)
