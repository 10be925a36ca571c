"""Pages of the native API."""

from collections.abc import Iterator
from typing import Any

from django.test import Client


def pages_of(client: Client, path: str) -> Iterator[list[dict[str, Any]]]:
    """Yield the items of each page, following the Link headers."""
    while path:
        response = client.get(path)
        assert response.status_code == 200, response.content
        yield response.json()["items"]
        link = response.get("Link", "")
        assert bool(link) == (response.json()["nextCursor"] is not None)
        if link:
            address, _, relation = link.partition("; ")
            assert relation == 'rel="next"'
            assert address.startswith("<http://testserver/api/v1/")
            assert response.json()["nextCursor"] in address.replace("%3D", "=")
        path = link.partition(">")[0].removeprefix("<http://testserver")
