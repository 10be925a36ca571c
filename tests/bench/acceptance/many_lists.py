"""100,000 lists, created over HTTP one by one and read page by page: neither may slow down with their number.

They use the lists-and-links dialect, whose users asked for an upper limit.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from urllib.parse import urlsplit

import orjson

from contacts.api_keys import create_api_key
from contacts.models import MailingList, Organization
from contacts.models.api_key import Scope
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from tests.bench.stage.clients import CLIENTS, Caller, run_in_parallel
from tests.bench.stage.database import Stage, settle_disk
from tests.bench.stage.web import web_server

LISTS = 100_000
SHARE = 5_000  # the first and the last lists, which are compared
WARM_UP_CALLS = 200
PAGE_READS = 100


def measure_lists(stage: Stage, logs: Path) -> dict[str, float]:
    """Return lists created per second and the time of a page, at the start and at the end, and in a walk through all.

    Raises RuntimeError if a list is missing.
    """
    organization = Organization.objects.create(name="Many lists", slug="many-lists")
    _, key = create_api_key(organization, "bench", [Scope.READ, Scope.MANAGE])
    path = f"/API/v3/directories/{public_id(Kind.DIRECTORY, organization.pk)}/mailinglists"
    with web_server(stage, logs / "web.log") as web:
        callers = [Caller(web.port, key) for _ in range(CLIENTS)]

        def make(count: int) -> float:
            bodies = [orjson.dumps({"name": f"List {number}"}) for number in range(count)]
            settle_disk()
            load = run_in_parallel([partial(caller.post, path) for caller in callers], bodies, limit_seconds=3_600)
            return load.per_second(1)

        make(WARM_UP_CALLS)
        first = make(SHARE)
        page_of_few = _page_ms(callers[0], path)
        make(LISTS - WARM_UP_CALLS - 2 * SHARE)
        last = make(SHARE)
        page_of_all = _page_ms(callers[0], path)
        began_at_seconds = perf_counter()
        pages = list(_walk(callers[0], path))
        walk_seconds = perf_counter() - began_at_seconds
    if sum(pages) != LISTS or MailingList.objects.filter(organization=organization).count() != LISTS:
        raise RuntimeError(f"a walk through {LISTS} lists showed {sum(pages)}")
    return {
        "first_lists_per_second": first,
        "last_lists_per_second": last,
        "page_of_few_ms": page_of_few,
        "page_of_all_ms": page_of_all,
        "page_of_the_walk_ms": walk_seconds * 1_000 / len(pages),
    }


def _page_ms(caller: Caller, path: str) -> float:
    """Return the median time of the first page, with 100 lists, in milliseconds."""
    times = []
    for _ in range(PAGE_READS):
        began_at_seconds = perf_counter()
        caller.get(path)
        times.append(perf_counter() - began_at_seconds)
    return median(times) * 1_000


def _walk(caller: Caller, path: str) -> Iterator[int]:
    """Yield the number of lists on each page, following the links to the next page."""
    following: str | None = path
    while following:
        result = orjson.loads(caller.get(following))["result"]
        yield len(result["elements"])
        parts = urlsplit(result["nextPage"] or "")
        following = f"{parts.path}?{parts.query}" if parts.path else None
