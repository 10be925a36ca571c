"""Content negotiation: an answer has the one shape that the API has, whatever the Accept header says."""

from collections.abc import Iterable
from typing import cast

from django.http import Http404
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class LenientNegotiation(DefaultContentNegotiation):
    """Never answers 406: clients send `Accept: text/plain`, nothing or nonsense, and read JSON all the same.

    RFC 9110 §12.4.1 allows it. Only the OpenAPI document has several forms to choose from.
    """

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        first, *others = renderers
        if not others:
            return first, first.media_type
        try:
            chosen = super().select_renderer(request, [first, *others], format_suffix)
            return cast(tuple[BaseRenderer, str], chosen)
        except (NotAcceptable, Http404):
            return first, first.media_type
