"""Request bodies: one fast pass for a good body, and every fault of a bad body at once.

A good body costs one run of its pydantic model. When a body is refused, by its model or by the engine, it is read
again as plain JSON: a `Check` looks for faults that the model did not come to, such as ids of rows that do not exist.
It must cope with values of any type, because the model may have refused them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, from_json

from distributor.api.fields import PATTERN_FAULTS
from distributor.api.problems import Fault, invalid_request

BodyT = TypeVar("BodyT", bound=BaseModel)
# Finds faults in a body as it was given: a JSON object with values of any type.
Check: TypeAlias = Callable[[dict[str, Any]], Iterable[Fault]]


def parse_body(model: type[BodyT], body: bytes, check: Check | None = None, **context: Any) -> BodyT:
    """Validate a JSON body with its model and with `check`, which runs for bodies that the model accepts, too.

    `context` is for the model's validators, for example `phone_region`. Raise a 400 Problem that lists every fault.
    """
    refusal = parsed = None
    try:
        parsed = model.model_validate_json(body, context=context)
    except ValidationError as error:
        refusal = error
    faults = find_faults(refusal, body, check)
    if parsed is None or faults:
        raise invalid_request(faults)
    return parsed


def find_faults(refusal: Exception | None, body: bytes, check: Check | None = None) -> list[Fault]:
    """List the faults of a body: those of its model, if `refusal` is a ValidationError, then those that `check` finds.

    Where both find a fault at the same place, the model's is listed. Only “extra_forbidden” gives way: `check` knows
    why the field is not allowed, for example because it cannot be changed.
    """
    of_model = faults_of(refusal) if isinstance(refusal, ValidationError) else []
    if check is None:
        return of_model
    checked = list(check(parse_object(body)))
    explained = {fault.pointer for fault in checked}
    of_model = [fault for fault in of_model if fault.code != "extra_forbidden" or fault.pointer not in explained]
    known = {fault.pointer for fault in of_model}
    return of_model + [fault for fault in checked if fault.pointer not in known]


def parse_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a body; {} if the body is anything else."""
    try:
        given = from_json(body)
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def faults_of(error: ValidationError) -> list[Fault]:
    """Convert pydantic's errors. The given values are not repeated: they may be personal, or megabytes long."""
    return [fault for detail in error.errors(include_url=False, include_input=False) for fault in _faults_of(detail)]


def json_pointer(location: Sequence[Any]) -> str:
    """`("contacts", 3, "email")` → `/contacts/3/email`, escaped as in RFC 6901."""
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
