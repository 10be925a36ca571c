"""Answers paths that lead nowhere below the prefix of an API in that API's own shape, never with a page."""

from typing import ClassVar

from django.urls import Resolver404, resolve
from rest_framework.request import Request
from rest_framework.views import APIView

from distributor.api.answers.problems import not_found


class UnknownAddress(APIView):
    """Answers 404 to callers with a key, to every method, and 401 to all others.

    Views of a dialect inherit from it after the dialect's own base, which has the shape and the authentication.
    """

    scopes: ClassVar = None

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        raise not_found("address", _hint(request.path_info))


def _hint(path: str) -> str:
    """Name the address without the slashes at its end, if that one exists."""
    shorter = path.rstrip("/")
    if shorter == path:
        return ""
    try:
        view = resolve(shorter).func
    except Resolver404:
        return ""
    is_unknown = issubclass(getattr(view, "view_class", object), UnknownAddress)
    return "" if is_unknown else f" Did you mean {shorter}, without the slash at its end?"
