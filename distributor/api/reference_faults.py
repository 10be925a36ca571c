"""What a body names by ids and is not there, and reading bodies of which nothing is known."""

from typing import Any, Final
from uuid import UUID

from distributor.api.problems import Fault
from distributor.engine.acceptance.references import UnknownReference

_DETAILS: Final = {
    ("survey", "not_found"): "There is no such survey.",
    ("list", "not_found"): "There is no such list.",
    ("provider", "not_found"): "There is no such provider in this organisation.",
    ("provider", "wrong_channel"): "This provider is for another channel.",
    ("provider", "inactive"): "This provider is switched off.",
    ("template", "not_found"): "There is no such template in this organisation.",
    ("template", "wrong_channel"): "This template is for another channel.",
}


def reference_fault(pointer: str, fault: UnknownReference) -> Fault:
    return Fault(pointer, f"{fault.what}_{fault.code}", _DETAILS[fault.what, fault.code])


def list_or_empty(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def uuid_or_none(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
