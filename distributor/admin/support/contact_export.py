"""The export of a contact in the admin: a page to read or print, and the same as JSON. Both are sent while read."""

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.template.loader import render_to_string
from django.utils.html import format_html

from contacts.models import Contact
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.privacy.export import PersonalData, export_contact
from distributor.engine.privacy.json_export import in_camel_case, write_json


def answer_export(request: HttpRequest, contact: Contact) -> StreamingHttpResponse:
    """Answer the export as a page, or with `?format=json` as the file that the API answers."""
    now, data = database_now(), export_contact(contact)
    if request.GET.get("format") == "json":
        name = f'attachment; filename="contact-{contact.pk}.json"'
        return StreamingHttpResponse(
            write_json(data, now), content_type="application/json", headers={"Content-Disposition": name}
        )
    return StreamingHttpResponse(_write_page(contact, data, now))


def _write_page(contact: Contact, data: PersonalData, now: datetime) -> Iterator[str]:
    yield render_to_string("admin/contacts/contact/export_head.html", {"contact": contact, "now": now})
    for field in fields(data):
        yield format_html("<h2>{}</h2>\n", field.name.replace("_", " ").capitalize())
        value = getattr(data, field.name)
        records: Iterable[Any] = [value] if is_dataclass(value) else value
        is_empty = True
        for record in records:
            is_empty = False
            lines = list(_flatten(in_camel_case(record), ""))
            yield render_to_string("admin/contacts/contact/export_record.html", {"lines": lines})
        if is_empty:
            yield "<p>Nothing.</p>\n"
    yield "</body></html>\n"


def _flatten(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield a line for each value that is not empty: (“attempts 1 channel”, “email”)."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flatten(item, f"{name} {key}".strip())
    elif isinstance(value, list):
        for number, item in enumerate(value, start=1):
            yield from _flatten(item, f"{name} {number}")
    elif value not in (None, ""):
        yield name, value
