"""What the worst body of each address costs, and what limits cost: time and memory of one process.

    .venv/bin/python -m config.stack with-services -- .venv/bin/python -m tests.bench.worst_bodies

Each body is handled in a process of its own, by Django's test client, so that its peak memory is its own.
"""

import json
import os
import resource
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any
from uuid import uuid4

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from channels.models import ProviderAccount, Template, TemplateVariant  # noqa: E402
from contacts.api_keys import create_api_key  # noqa: E402
from contacts.models import ApiKey, MailingList, Organization  # noqa: E402
from contacts.models.api_key import Scope  # noqa: E402
from distributor.models import Survey  # noqa: E402

MEGABYTE = 1024 * 1024
LIMIT = 10 * MEGABYTE - 100
ROUNDS = 60
Call = Callable[[Client], Any]


def filled(opening: str, piece: str, closing: str, size: int = LIMIT) -> str:
    """Return a body of nearly this size that repeats a piece."""
    return opening + ",".join([piece] * ((size - len(opening) - len(closing)) // (len(piece) + 1))) + closing


def worst_bodies(survey_id: str, webhook: str) -> dict[str, tuple[str, str, str]]:
    """Return path, body and content type, by a name."""
    faults, form, js = '{"a":1}', "application/x-www-form-urlencoded", "application/json"
    quick = f"/api/surveys/{survey_id}/distributions/quick"
    return {
        "login, 2 KB": ("/base/Account/Login", filled('{"Password":"x","a":[', "[]", "]}", 2_048), js),
        "login, 10 MB": ("/base/Account/Login", filled('{"Password":"x","a":[', "[]", "]}"), js),
        "admin login, 10 MB": ("/admin/login/", "a=" * (LIMIT // 2), form),
        "page, 64 KB": (f"/p/{'A' * 12}", "comment=" + "a" * 65_000, form),
        "page, 10 MB": (f"/p/{'A' * 12}", "a=1&" * (LIMIT // 4), form),
        "webhook, 4 MB": (webhook, filled("[", "[]", "]", 3_999_900), js),
        "native, 10 MB": ("/api/v1/distributions", filled('{"audience":{"contacts":[', faults, "]}}"), js),
        "quick, 10 MB": (quick, filled('{"contacts":[', faults, "]}"), js),
        "single send, 10 MB": ("/v1/distributions/send", filled('{"recipients":[', faults, "]}"), js),
        "recipient add, 10 MB": ("/base/Recipient/Add", filled('{"RecipientList":[', faults, "]}"), js),
        "lists and links, 10 MB": ("/API/v3/mailinglists", filled('{"name":[', faults, "]}"), js),
        "deeply nested, 10 MB": ("/api/v1/distributions", "[" * LIMIT, js),
    }


def measure(call: Call, client: Client) -> str:
    """Make a call in a process of its own; return its status, seconds and megabytes."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = perf_counter()
        status = call(client).status_code
        seconds = perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        os.write(writing, f"{status} | {seconds:.2f} | {(after - before) / 1024:.0f}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    return os.read(reading, 100).decode()


def compare_limits(client: Client, send: Call) -> list[float]:
    """Return the median milliseconds without and with limits, alternating."""
    times: dict[bool, list[float]] = {False: [], True: []}
    for number in range(2 * ROUNDS):
        is_limited = bool(number % 2)
        Organization.objects.update(
            requests_per_minute=10**6 if is_limited else None, emails_per_day=10**6 if is_limited else None
        )
        ApiKey.objects.update(requests_per_minute=10**6 if is_limited else None)
        began = perf_counter()
        answer = send(client)
        times[is_limited].append(perf_counter() - began)
        if answer.status_code != 201:
            raise RuntimeError(answer.content)
    return [median(times[is_limited]) * 1_000 for is_limited in (False, True)]


def main() -> None:
    call_command("migrate", verbosity=0)
    organization = Organization.objects.create(name="Bench", slug=f"bench-{uuid4().hex[:8]}")
    MailingList.objects.create(organization=organization, name="Bench")
    survey = Survey.objects.create(organization=organization, name="Bench")
    account = ProviderAccount.objects.create(
        organization=organization, name="Sandbox", kind="sandbox", channel="email", from_email="a@bench.example"
    )
    template = Template.objects.create(organization=organization, name="Bench", channel="email")
    TemplateVariant.objects.create(template=template, locale="en", subject="a", html="${link}", text="${link}")
    client = Client(headers={"x-api-key": create_api_key(organization, "bench", list(Scope))[1]})
    client.cookies["csrftoken"] = "a" * 32
    client.get("/api/v1/surveys")

    def quick(count: int) -> Call:
        def send(client: Client) -> Any:
            people = [{"externalId": uuid4().hex, "email": f"{uuid4().hex}@bench.example"} for _ in range(count)]
            channel = {"channel": "email", "providerId": str(account.pk), "templateId": str(template.pk)}
            body = {"surveyId": str(survey.pk), "contacts": people, "channels": [channel]}
            return client.post(f"/api/surveys/{survey.pk}/distributions/quick", json.dumps(body), "application/json")

        return send

    for count in (1, 1_000):
        without, limited = compare_limits(client, quick(count))
        print(f"quick {count}: {without:.2f} ms without limits, {limited:.2f} ms with ({limited / without - 1:+.1%})")
    connection.close()
    for name, (path, body, content_type) in worst_bodies(str(survey.pk), f"/webhooks/{account.pk}").items():
        sys.stdout.flush()
        figures = measure(lambda client, p=path, b=body, c=content_type: client.post(p, b, c), client)  # type: ignore[misc]
        print(f"| {name} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
