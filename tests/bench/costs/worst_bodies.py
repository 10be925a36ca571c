"""What the worst bodies of each address cost: time and memory of one process.

    python -m config.stack with-services -- python -m tests.bench.costs.worst_bodies [words of a name]

Each body is handled in a process of its own, by Django's test client, so that its peak memory is its own.
"""

import json
import os
import resource
import sys
from collections.abc import Callable, Iterator
from time import perf_counter, process_time
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
from contacts.models import MailingList, Organization  # noqa: E402
from contacts.models.api_key import Scope  # noqa: E402
from distributor.api.body_limits import MAX_VALUES  # noqa: E402
from distributor.models import Survey  # noqa: E402

MEGABYTE = 1024 * 1024
LIMIT = 10 * MEGABYTE - 100
Call = Callable[[Client], Any]


def filled(opening: str, piece: str, closing: str, size: int = LIMIT) -> str:
    """Return a body of nearly this size that repeats a piece."""
    return opening + ",".join([piece] * ((size - len(opening) - len(closing)) // (len(piece) + 1))) + closing


def worst_bodies(survey_id: str, webhook: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield name, path, body and content type."""
    form, js = "application/x-www-form-urlencoded", "application/json"
    sending = {
        "native": ("/api/v1/distributions", '{"audience":{"contacts":[', "]}}"),
        "quick": (f"/api/surveys/{survey_id}/distributions/quick", '{"contacts":[', "]}"),
        "single send": ("/v1/distributions/send", '{"recipients":[', "]}"),
        "recipient add": ("/base/Recipient/Add", '{"RecipientList":[', "]}"),
        "lists and links": ("/API/v3/distributions", '{"recipients":[', "]}"),
    }
    yield "login, 2 KB", "/base/Account/Login", filled('{"Password":"x","a":[', "[]", "]}", 2_048), js
    yield "login, 10 MB", "/base/Account/Login", filled('{"Password":"x","a":[', "[]", "]}"), js
    yield "admin login, 10 MB", "/admin/login/", "a=" * (LIMIT // 2), form
    yield "page, 64 KB", f"/p/{'A' * 12}", "comment=" + "a" * 65_000, form
    yield "page, 10 MB", f"/p/{'A' * 12}", "a=1&" * (LIMIT // 4), form
    yield "webhook, 4 MB", webhook, filled("[", "[]", "]", 3_999_900), js
    yield "webhook, a form of 4 MB", webhook, "a=1&" * 999_900, form
    for name, (path, opening, closing) in sending.items():
        for kind, piece, size in PIECES:
            yield f"{name}: {kind}", path, filled(opening, piece, closing, size), js
        for kind, value in values():
            yield f"{name}: {kind}", path, f"{opening}{{{FIELDS.format(value)}}}{closing}", js
        yield f"{name}: a form", path, "a=1&" * (LIMIT // 4), form


# Of each list of people, a kind of element. The last two stay below the most values that are parsed.
WIDE = json.dumps({f"k{number}": 1 for number in range(240)})
PIECES = [
    ("objects", '{"a":1}', LIMIT),
    ("empty lists", "[]", LIMIT),
    ("as many objects as are parsed", '{"a":1}', 8 * MAX_VALUES // 2 - 1_000),
    ("1,000 objects of 240 unknown keys", WIDE, 1_000 * len(WIDE)),
]
FIELDS = '"email":{0},"externalId":{0},"x":{0}'


def values() -> Iterator[tuple[str, str]]:
    """Yield values that three fields share the 10 MB with."""
    size = LIMIT // 3 - 100
    keys = [f'"{number}":1' for number in range(MAX_VALUES // 3 - 10)]
    yield "digits", "1" * size
    yield "a fraction", "0." + "1" * size
    yield "text", json.dumps("a" * size)
    yield "escapes", '"' + "\\u00e9" * (size // 6) + '"'
    yield "blanks of two kinds", json.dumps("a" + " \u200b" * (size // 8) + "b", ensure_ascii=False)
    yield "a domain", json.dumps("a@" + "é." * (size // 3), ensure_ascii=False)
    yield "the same key", "{" + ",".join(['"a":1'] * len(keys)) + "}"
    yield "as many keys as are parsed", "{" + ",".join(keys) + "}"
    yield "500,000 keys", "{" + ",".join(f'"{number}":1' for number in range(500_000)) + "}"
    yield "nested", "[" * size


def measure(call: Call, client: Client) -> str:
    """Make a call in a process of its own; return its status, seconds, seconds of CPU and megabytes."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began, cpu_began = perf_counter(), process_time()
        status = call(client).status_code
        seconds, cpu_seconds = perf_counter() - began, process_time() - cpu_began
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        os.write(writing, f"{status} | {seconds:.2f} | {cpu_seconds:.2f} | {(after - before) / 1024:.0f}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    return os.read(reading, 100).decode()


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
    connection.close()
    for name, path, body, content_type in worst_bodies(str(survey.pk), f"/webhooks/{account.pk}"):
        if not all(word in name for word in sys.argv[1:]):
            continue
        figures = measure(lambda client, p=path, b=body, c=content_type: client.post(p, b, c), client)  # type: ignore[misc]
        print(f"| {name} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
