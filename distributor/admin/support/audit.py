"""Audit of the admin: what Django logs of operators is also written into the audit log, and so is logging in."""

from contextvars import ContextVar
from typing import Any, Final

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models import Model
from django.db.models.signals import post_save
from django.dispatch import receiver

from contacts.models import ApiKey
from distributor.engine.infrastructure.audit import CHANGED, Actor, actor_of_user, changes_between, record
from distributor.models.audit_entry import ActorKind

# What the form that is being saved changes; Django's log has the fields' names only.
changes_of_form: ContextVar[tuple[str, dict[str, Any]] | None] = ContextVar("changes_of_form", default=None)
_ACTIONS: Final = {ADDITION: "created", CHANGE: "changed", DELETION: "deleted"}
_BY_MESSAGE: Final = {
    "Opted out.": "opted_out",
    "Opt-out lifted.": "opted_in",
    "Erased.": "erased",
    "Exported.": "exported",
    "Revoked.": "key_revoked",
    "Paused.": "paused",
    "Resumed.": "resumed",
    "Cancelled.": "cancelled",
    "Rescheduled.": "rescheduled",
    "Cloned.": "cloned",
    "Step added.": "step_added",
    "Sent again.": "retried",
    "Suppressed.": "suppressed",
}


def remember_changes(model: type[Model], form: Any) -> None:
    """Keep what a valid form changes, until Django logs it."""
    names = {field.name: field.attname for field in model._meta.concrete_fields}
    before = {names[name]: _key(form.initial.get(name)) for name in form.changed_data if name in names}
    after = {names[name]: _key(form.cleaned_data.get(name)) for name in form.changed_data if name in names}
    changes = changes_between(model, before, after)
    changes |= {name: [CHANGED, CHANGED] for name in form.changed_data if name not in names}
    changes_of_form.set((str(form.instance.pk), changes))


def _key(value: Any) -> Any:
    return value.pk if isinstance(value, Model) else value


@receiver(post_save, sender=LogEntry)
def _record_log_entry(instance: LogEntry, created: bool, **_: Any) -> None:
    if not created:
        return
    changed_id, changes = changes_of_form.get() or ("", {})
    changes_of_form.set(None)
    changes = changes if changed_id == str(instance.object_id) else {}
    row = _row_of(instance)
    action = _BY_MESSAGE.get(instance.change_message, _ACTIONS[instance.action_flag])
    if isinstance(row, ApiKey) and instance.action_flag == ADDITION:
        action = "key_minted"
    elif any(name.startswith(("enter_", "clear_")) for name in changes):
        action = "credentials_changed"
    record(actor_of_user(instance.user), action, row, changes=changes)


def _row_of(entry: LogEntry) -> Model | None:
    """Return the row that an entry is about; of a deleted one, a stand-in with its id."""
    model = entry.content_type.model_class() if entry.content_type else None
    if model is None:
        return None
    return model._default_manager.filter(pk=entry.object_id).first() or model(pk=entry.object_id)


@receiver(user_logged_in)
def _record_login(user: AbstractBaseUser, **_: Any) -> None:
    record(actor_of_user(user), "logged_in")


@receiver(user_logged_out)
def _record_logout(user: AbstractBaseUser | None, **_: Any) -> None:
    if user is not None:
        record(actor_of_user(user), "logged_out")


@receiver(user_login_failed)
def _record_failed_login(credentials: dict[str, Any], **_: Any) -> None:
    """The name as it was typed: cut, because people type passwords there, too."""
    record(Actor(ActorKind.USER, "", str(credentials.get("username", ""))[:64]), "login_failed")
