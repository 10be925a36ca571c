"""Addresses of rooms, and what their pages show."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from channels.models import ProviderAccount


def address(model: type[Model] | Model, page: str, **query: Any) -> str:
    """A room's page: changelist, add, or change, delete and history of a row."""
    args = [model.pk] if isinstance(model, Model) else []
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args, query=query)


def listed(operator: Client, model: type[Model], **query: Any) -> list[Any]:
    """The rows of a list, narrowed or searched (`q`)."""
    answer = operator.get(address(model, "changelist", **query))
    assert answer.status_code == 200, answer.headers.get("Location")
    return list(answer.context["cl"].result_list)


def act(operator: Client, action: str, *rows: Model) -> str:
    """Tick rows in their list and run an action on them; the page that follows."""
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    return operator.post(address(type(rows[0]), "changelist"), data, follow=True).content.decode()


def faults(answer: Any) -> dict[str, list[str]]:
    """What a form that was sent back says, by field."""
    assert answer.status_code == 200
    errors: dict[str, list[str]] = answer.context["adminform"].form.errors
    return errors


def save_account(account: ProviderAccount, **entered: str) -> str:
    """What an operator does when the vendor is content again; the page that follows."""
    operator = Client()
    operator.force_login(User.objects.get_or_create(username="olga", is_staff=True, is_superuser=True)[0])
    page = operator.get(reverse("admin:channels_provideraccount_change", args=[account.pk]))
    initial = page.context["adminform"].form.initial
    names = ("name", "from_email", "from_name", "urgent_reserve_percent", "is_active", "daily_limit", "stand_in")
    kept = {name: initial[name] for name in names if initial[name] not in (None, "") and initial[name] is not False}
    form = page.context["adminform"].form
    data = {**kept, "configuration": form["configuration"].value(), **entered}
    saved = operator.post(reverse("admin:channels_provideraccount_change", args=[account.pk]), data, follow=True)
    assert saved.redirect_chain, saved.context["adminform"].form.errors
    return saved.content.decode()
