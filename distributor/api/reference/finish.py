"""The last step of the OpenAPI document: overview, examples, and tags and operations in the order of reading."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from distributor.api.reference.examples import add_examples
from distributor.api.reference.tags import TAGS

OVERVIEW: Final = (Path(__file__).parent / "overview.md").read_text()
_ORDER: Final = {name: place for place, name in enumerate(TAGS)}


def finish_document(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Describe the document and its tags, and sort its paths by their first operation's tag. A hook of spectacular."""
    used = {tag for operations in result["paths"].values() for call in operations.values() for tag in call["tags"]}
    unknown = sorted(used - set(TAGS))
    assert not unknown, f"Tags without an overview in api/reference/tags.py: {unknown}"
    result["info"]["description"] = OVERVIEW
    result["tags"] = [{"name": name, "description": text} for name, text in TAGS.items() if name in used]
    add_examples(result)
    result["paths"] = dict(sorted(result["paths"].items(), key=_place))
    return result


def _place(path: tuple[str, Mapping[str, Any]]) -> int:
    return min(_ORDER[tag] for call in path[1].values() for tag in call["tags"])
