"""From pydantic's words to ours: every fault of a body with its pointer."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from distributor.api.fields import PATTERN_FAULTS
from distributor.api.problems import Fault, invalid_request

BodyT = TypeVar("BodyT", bound=BaseModel)


def parse_body(model: type[BodyT], body: bytes) -> BodyT:
    """Validate a JSON body. Raises a 400 Problem that names every fault."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise invalid_request(faults_of(error)) from None


def faults_of(error: ValidationError) -> list[Fault]:
    """Pydantic's errors as ours. What was given is not repeated: it may be personal, or megabytes."""
    return [fault for detail in error.errors(include_url=False, include_input=False) for fault in _faults_of(detail)]


def json_pointer(location: Sequence[Any]) -> str:
    """`("contacts", 3, "email")` → `/contacts/3/email`, escaped as RFC 6901 says."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def _faults_of(detail: ErrorDetails) -> Iterator[Fault]:
    location, context = detail["loc"], detail.get("ctx", {})
    if detail["type"] == "invalid_data":
        for fault in context["faults"]:
            yield Fault(json_pointer((*location, *fault.path)), fault.code, fault.text)
    elif (pattern := context.get("pattern")) in PATTERN_FAULTS:
        yield Fault(json_pointer(location), *PATTERN_FAULTS[pattern])
    else:
        yield Fault(json_pointer(location), detail["type"], detail["msg"])
