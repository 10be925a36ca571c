"""Panels: parts of a page that are refreshed while one looks. Without script they are as of the page's loading."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

DataT = TypeVar("DataT")


@dataclass(frozen=True)  # without slots: a generic class keeps its type in the instance
class Panel(Generic[DataT]):
    """A part of a page. `read` returns the values of its template from the page's data.

    The page's data reads lazily, so that a refreshed panel reads only what it shows.
    """

    id: str
    template: str
    read: Callable[[DataT], Mapping[str, Any]]
    refresh_seconds: int = 5

    def render(self, request: HttpRequest, data: DataT, context: Mapping[str, Any]) -> SafeString:
        """Return the element with the panel's id, which the script replaces as a whole."""
        content = render_to_string(self.template, {**context, **self.read(data)}, request)
        return format_html(
            '<section id="{}" class="panel" data-refresh-seconds="{}">{}</section>',
            self.id,
            self.refresh_seconds,
            SafeString(content),
        )


def render_panels(
    request: HttpRequest, panels: Sequence[Panel[DataT]], data: DataT, context: Mapping[str, Any]
) -> dict[str, SafeString]:
    """Render all panels, by id."""
    return {panel.id: panel.render(request, data, context) for panel in panels}


def answer_fragments(
    request: HttpRequest, panels: Sequence[Panel[DataT]], data: DataT, context: Mapping[str, Any]
) -> HttpResponse | None:
    """Answer `?fragment=<id>`, also several of them, with these panels alone. None: the whole page is asked for."""
    asked = set(request.GET.getlist("fragment"))
    if not asked:
        return None
    found = render_panels(request, [panel for panel in panels if panel.id in asked], data, context)
    return HttpResponse(format_html_join("\n", "{}", ((html,) for html in found.values())))
