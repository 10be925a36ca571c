"""URLs of admin pages, and what the pages show."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from channels.models import ProviderAccount


def address(model: type[Model] | Model, page: str, **query: Any) -> str:
    """Return the URL of a page: `changelist` or `add` of a model; `change`, `delete` or `history` of a row."""
    args = [model.pk] if isinstance(model, Model) else []
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args, query=query)


def listed(operator: Client, model: type[Model], **query: Any) -> list[Any]:
    """Return the rows of a list, filtered or searched (`q`)."""
    answer = operator.get(address(model, "changelist", **query))
    assert answer.status_code == 200, answer.headers.get("Location")
    return list(answer.context["cl"].result_list)


def act(operator: Client, action: str, *rows: Model) -> str:
    """Run an action on these rows of their list, and return the page that follows."""
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    return operator.post(address(type(rows[0]), "changelist"), data, follow=True).content.decode()


def faults(answer: Any) -> dict[str, list[str]]:
    """Return the errors of a form that was refused, by field."""
    assert answer.status_code == 200
    errors: dict[str, list[str]] = answer.context["adminform"].form.errors
    return errors


def save_account(account: ProviderAccount, **changes: str) -> str:
    """Save an account in the admin with these changes, and return the page that follows."""
    operator = Client()
    operator.force_login(User.objects.get_or_create(username="olga", is_staff=True, is_superuser=True)[0])
    page = operator.get(reverse("admin:channels_provideraccount_change", args=[account.pk]))
    form = page.context["adminform"].form
    initial = form.initial
    names = ("name", "from_email", "from_name", "urgent_reserve_percent", "is_active", "daily_limit", "stand_in")
    unchanged = {
        name: initial[name] for name in names if initial.get(name) not in (None, "") and initial[name] is not False
    }
    settings = {name: form[name].value() or "" for name in form.fields if name.startswith("setting_")}
    data = {"from_email": "surveys@example.com", **unchanged, **settings, **changes}
    saved = operator.post(reverse("admin:channels_provideraccount_change", args=[account.pk]), data, follow=True)
    assert saved.redirect_chain, saved.context["adminform"].form.errors
    return saved.content.decode()
