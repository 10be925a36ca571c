"""The OpenAPI document in parts: the operations of one tag, and the components that they refer to.

Swagger UI needs many seconds for the whole document (0.5 MB, OpenAPI 3.1) and less than one for a part.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from distributor.api.reference.tags import TAGS

OVERVIEW: Final = "overview"
# The tags by the last part of their page's address: `/api/docs/quick_distribution/`.
SUBJECTS: Final[Mapping[str, str]] = {name.lower().replace(" ", "_"): name for name in TAGS}


def part_of(document: Mapping[str, Any], subject: str) -> dict[str, Any]:
    """Return the part of a subject; of OVERVIEW the description and no operation. Raise a KeyError for other texts."""
    if subject == OVERVIEW:
        return {**document, "paths": {}, "webhooks": {}, "components": {}, "tags": []}
    tag = SUBJECTS[subject]
    paths = {
        path: kept
        for path, methods in document["paths"].items()
        if (kept := {method: call for method, call in methods.items() if tag in call["tags"]})
    }
    schemas, webhooks = document["components"]["schemas"], _webhooks(document, tag)
    used = {name: schemas[name] for name in sorted(_components({**paths, **webhooks}, schemas))}
    return {
        **document,
        "info": {**document["info"], "title": tag, "description": TAGS[tag]},
        "tags": [{"name": tag}],
        "paths": paths,
        "webhooks": webhooks,
        "components": {**document["components"], "schemas": used},
    }


def _webhooks(document: Mapping[str, Any], tag: str) -> dict[str, Any]:
    """Return the requests that we send to callers, which belong to the events."""
    return dict(document.get("webhooks", {})) if tag == "Events" else {}


def _components(part: Any, schemas: Mapping[str, Any]) -> set[str]:
    """Return the names of the components that a part refers to, and of those that these refer to."""
    known: set[str] = set()
    left = list(_references(part))
    while left:
        name = left.pop()
        if name not in known:
            known.add(name)
            left += _references(schemas[name])
    return known


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(reference := part.get("$ref"), str):
            yield reference.rpartition("/")[2]
        part = list(part.values())
    if isinstance(part, list):
        for value in part:
            yield from _references(value)
