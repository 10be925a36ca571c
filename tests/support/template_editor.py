"""Using the editor of templates as its form does."""

from html import unescape
from typing import Any

from django.test import Client
from django.urls import reverse

from channels.models import Template

ENGLISH = {"subject": "Your stay", "html": '<a href="${link}">Go</a> ${unsubscribe}', "text": "${link} ${unsubscribe}"}


def editor(template: Template) -> str:
    return reverse("room-template", args=[template.pk])


def draft(template: Template, **changes: Any) -> dict[str, Any]:
    return {"locale": "en", "version": template.versions.count(), "act": "save", **ENGLISH, **changes}


def preview(client: Client, template: Template, **given: Any) -> str:
    answer = client.post(reverse("room-template-preview", args=[template.pk]), draft(template, **given))
    assert answer.status_code == 200
    return unescape(answer.content.decode())
