"""Every view of the APIs says for each of its methods which scope a key needs; one that says nothing is refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from contacts.models.api_key import Scope
from distributor.api.answers.unknown_address import UnknownAddress
from distributor.api.calls.authentication import HasScope

METHODS = ("get", "post", "put", "patch", "delete")
# Everybody may ask for these, without a key.
PUBLIC = {"OpenApiDocument", "AccountLogin", "AccessToken"}


def views_below(resolver: URLResolver) -> Iterator[type[APIView]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from views_below(entry)
        elif isinstance(entry, URLPattern):
            view = getattr(entry.callback, "cls", None) or getattr(entry.callback, "view_class", None)
            if view is not None and issubclass(view, APIView):
                yield view


VIEWS = sorted(set(views_below(get_resolver())), key=lambda view: f"{view.__module__}.{view.__name__}")


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: f"{view.__module__}.{view.__name__}")
def test_every_view_names_a_scope_for_each_method_or_is_public(view: Any) -> None:
    if view.__name__ in PUBLIC:
        assert not view.permission_classes
        return
    assert view.permission_classes == [HasScope]
    if issubclass(view, UnknownAddress):
        return
    handled = {method.upper() for method in METHODS if hasattr(view, method)}
    assert handled, "a view without a method"
    assert set(view.scopes) == handled
    assert all(isinstance(scope, Scope) for scope in view.scopes.values())


def test_the_walk_finds_the_apis() -> None:
    assert len(VIEWS) >= 40
    assert {view.__name__ for view in VIEWS} >= PUBLIC


def test_a_method_without_a_scope_is_refused(client: Client, api_key: str) -> None:
    class Forgotten(APIView):
        def get(self, request: Any) -> None:
            raise AssertionError("it was reached")

    request = APIRequestFactory().get("/", headers={"x-api-key": api_key})
    answer = Forgotten.as_view()(request)
    assert (answer.status_code, answer.data["code"]) == (403, "permission_denied")
