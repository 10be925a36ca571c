"""Every admin and sandbox URL, walked by operators of two organisations and by a superuser."""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote, urlencode

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import ForeignKey
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from channels.models import Template
from contacts.models import MailingList
from distributor.models import Distribution, Export, FileImport, RecurringDistribution, Survey
from tests.support.operators import Tenant, member, signed_in
from tests.support.strict_pages import strictness_faults

_ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")


def routes(patterns: Iterable[Any], prefix: str = "") -> Iterator[str]:
    """Yield the route of every URL below the patterns."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern).removeprefix("^").removesuffix("$").removesuffix("\\Z")
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


def walked_routes() -> list[str]:
    found = routes(get_resolver().url_patterns)
    return [route for route in found if route.startswith(("admin/", "sandbox/")) and "logout" not in route]


def values(name: str, route: str, tenant: Tenant) -> list[Any]:
    """Return what to fill an argument of a route with: the ids of the tenant's rows."""
    match name:
        case "object_id" if "content_type_id" in route:
            return [tenant.organization.pk]
        case "object_id":
            app, model = route.split("/")[1:3]
            rows = [row for row in tenant.rows.values() if (row._meta.app_label, row._meta.model_name) == (app, model)]
            return [row.pk for row in rows] or [1]
        case "content_type_id":
            return [ContentType.objects.get_for_model(tenant.organization).pk]
        case "template_id":
            return [tenant.row(Template).pk]
        case "survey_id":
            return [tenant.row(Survey).pk]
        case "organization_id":
            return [tenant.organization.pk]
        case "number":
            return [1]
        case "message_id":
            return [message.pk for message in tenant.messages]
        case "recurring_id":
            return [tenant.row(RecurringDistribution).pk]
        case "import_id":
            return [tenant.row(FileImport).pk]
        case "export_id":
            return [tenant.row(Export).pk]
        case "list_id":
            return [tenant.row(MailingList).pk]
        case "id":
            return [User.objects.get(username=f"{tenant.word}-victor").pk]
    return ["x"]


def paths(tenant: Tenant) -> Iterator[str]:
    """Yield every path, filled with the tenant's ids, and each list and form with the tenant's ids in its query."""
    for route in walked_routes():
        found = [route]
        while any(_ARGUMENT.search(path) for path in found):
            name = _ARGUMENT.search(found[0])
            assert name
            found = [
                path.replace(name.group(), str(value), 1) for path in found for value in values(name[1], route, tenant)
            ]
        yield from (f"/{path}" for path in found)
        if not _ARGUMENT.search(route):
            yield from (f"/{route}?{query}" for query in queries(route, tenant))


def queries(route: str, tenant: Tenant) -> Iterator[str]:
    """Yield query strings with which a list, a form or a search may be asked for the tenant's rows."""
    if route.startswith("sandbox/"):
        yield urlencode({"to": f"p@{tenant.word}.example"})
        yield urlencode({"distribution": tenant.row(Distribution).pk})
    if route == "admin/exports/new/":
        for name, named in (("distribution", Distribution), ("survey", Survey), ("list", MailingList)):
            yield urlencode({"kind": "recipients", name: tenant.row(named).pk})
        yield urlencode({"kind": "contacts", "organization": tenant.organization.pk})
    for model, page in admin.site._registry.items():
        relations = [field for field in model._meta.fields if isinstance(field, ForeignKey)]
        filled = {
            field.name: tenant.row(field.related_model).pk for field in relations if field.related_model in tenant.rows
        }
        match route.removeprefix(f"admin/{model._meta.app_label}/{model._meta.model_name}/"):
            case "":
                yield urlencode({"q": f"{tenant.word}-1"})
                yield urlencode({"q": f"p@{tenant.word}.example"})
                yield from (urlencode({"q": row.pk}) for row in tenant.rows.values() if isinstance(row, model))
                yield from (urlencode({f"{name}__id__exact": key}) for name, key in filled.items())
                yield from (urlencode({name: key}) for name, key in filled.items() if has_filter(page, name))
            case "add/" if filled:
                yield urlencode(filled | {"_popup": "1"})
        if route == "admin/autocomplete/":
            for field in [*relations, *(field for inline in page.inlines for field in inline.model._meta.fields)]:
                if isinstance(field, ForeignKey):
                    about = {"app_label": field.model._meta.app_label, "model_name": field.model._meta.model_name}
                    yield urlencode({**about, "field_name": field.name, "term": ""})


def has_filter(page: Any, name: str) -> bool:
    return any(getattr(shown, "parameter_name", "") == name for shown in page.list_filter)


def searched(tenant: Tenant) -> list[str]:
    return [f"{tenant.word}-1", f"p@{tenant.word}.example"]


def leaks(answer: Any, asked: str, stranger: Tenant) -> list[str]:
    """Return what the answer tells of a stranger and the question did not contain."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    text = f"{body.decode(errors='replace')} {answer.headers}"
    known = {secret for secret in stranger.secrets if secret in asked}
    for term in [*searched(stranger), *known]:  # a search box repeats what was typed
        text = text.replace(term, "") if term in asked else text
    return sorted(secret for secret in stranger.secrets if secret in text and secret not in known)


def walk(client: Client, stranger: Tenant, asks: Iterable[str]) -> tuple[int, list[str]]:
    """Ask for the paths, which have the stranger's ids. Return how often, and what went wrong."""
    faults, count = [], 0
    for path in dict.fromkeys(asks):
        asked = unquote(path)
        answers = [client.get(path)]
        if "?" not in path:
            answers.append(client.post(path, {"post": "yes"}))
        client.cookies.pop("messages", None)  # “… with ID “…” doesn’t exist” would be shown by the next page
        for answer in answers:
            count += 1
            if answer.status_code >= 500:
                faults.append(f"{answer.status_code}: {path}")
            if found := leaks(answer, asked, stranger):
                faults.append(f"{path} tells {found}")
    return count, faults


@pytest.mark.parametrize("role", ["operator", "manager"])
def test_no_page_shows_another_organisation(alder: Tenant, birch: Tenant, role: str) -> None:
    owner, stranger = (alder, birch) if role == "manager" else (birch, alder)
    asks = paths(stranger) if role == "manager" else (path for path in paths(stranger) if "?" not in path)
    count, faults = walk(signed_in(member(owner, role, "ada")), stranger, asks)
    assert not faults, "\n".join(faults)
    assert count > 150


def test_a_superuser_sees_everything(birch: Tenant, superuser: User) -> None:
    """The same walk finds what it looks for, where it may be seen. No page has an inline script or style."""
    client = signed_in(superuser)
    telling, faults = 0, []
    for path in (path for path in dict.fromkeys(paths(birch)) if "?" not in path):
        answer = client.get(path)
        assert answer.status_code < 500, path
        if path.startswith("/admin/"):
            faults += strictness_faults(answer, path)
        telling += bool(leaks(answer, unquote(path), birch))
    assert telling > 50
    assert not faults, "\n".join(faults)
