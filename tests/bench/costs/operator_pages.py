"""How long an operator waits for a page of a large installation: the server's time, without the network."""

import logging
from statistics import median
from time import perf_counter
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from contacts.models import Contact
from distributor.models import Recipient
from tests.bench.costs.big_installation import fill_installation
from tests.bench.stage.database import Stage

ROUNDS = 7


def measure_pages(stage: Stage, contact_count: int) -> dict[str, float]:
    """Return the milliseconds of each page: the median of some calls, after one that is not counted."""
    distributions = fill_installation(stage, contact_count)
    logging.getLogger("django_structlog").setLevel(logging.ERROR)  # a line for each request
    client = Client()
    client.force_login(User.objects.create_superuser("bench"))
    return {f"{name}_ms": _page_ms(client, path) for name, path in _pages(stage, distributions[500].pk).items()}


def _pages(stage: Stage, distribution_id: object) -> dict[str, str]:
    contact = Contact.objects.filter(organization_id=stage.organization_id).order_by("pk")[0]
    recipient = Recipient.objects.filter(contact=contact).order_by("pk")[0]

    def search(text: str) -> str:
        return f"{reverse('room-search')}?{urlencode({'q': text})}"

    def rows(model: str, **query: str) -> str:
        return f"{reverse(f'admin:{model}_changelist')}?{urlencode(query)}"

    return {
        "home": reverse("room-home"),
        "search a first name": search("ingrid"),
        "search part of a name": search("kowal"),
        "search an address": search(contact.email),
        "search part of an address": search(contact.email.partition("@")[0][-9:]),
        "search an id": search(contact.external_id or ""),
        "search a code": search(recipient.code),
        "search a distribution": search("week 0500"),
        "search nobody": search("zzyzx"),
        "distributions": rows("distributor_distribution"),
        "distribution": reverse("admin:distributor_distribution_change", args=[distribution_id]),
        "recipients": rows("distributor_recipient"),
        "recipient": reverse("admin:distributor_recipient_change", args=[recipient.pk]),
        "contacts": rows("contacts_contact"),
        "contact": reverse("admin:contacts_contact_change", args=[contact.pk]),
        "responses": rows("distributor_response"),
        "providers": rows("channels_provideraccount"),
        "lists": rows("contacts_mailinglist"),
        "templates": rows("channels_template"),
    }


def _page_ms(client: Client, path: str) -> float:
    times = []
    for _ in range(ROUNDS + 1):
        began_at_seconds = perf_counter()
        answer = client.get(path, follow=True)
        times.append(perf_counter() - began_at_seconds)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}")
    return median(times[1:]) * 1_000
