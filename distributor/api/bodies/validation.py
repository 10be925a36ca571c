"""Request bodies: one fast pass for a good body, and every fault of a bad body at once.

A good body costs one run of its pydantic model. When a body is refused, by its model or by the engine, it is read
again as plain JSON: a `Check` looks for faults that the model did not come to, such as ids of rows that do not exist.
It must cope with values of any type, because the model may have refused them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, from_json, to_json

from distributor.api.answers.problems import MAX_FAULTS, UNDESCRIBED, Fault, invalid_request
from distributor.api.bodies.fields import PATTERN_FAULTS

BodyT = TypeVar("BodyT", bound=BaseModel)
# Finds faults in a body as it was given: a JSON object with values of any type.
Check: TypeAlias = Callable[[dict[str, Any]], Iterable[Fault]]
# Validates a body with a model, and raises what is wrong with it.
Validate: TypeAlias = Callable[[bytes], object]

# More than 10,000 ids or 1,000 contacts can have, unless the contacts have many unknown keys. Each takes 6 µs to
# describe, and 700 bytes.
MAX_DESCRIBED: Final = 20_000
_FIRST_KEYS: Final = 30  # more than any object of a body has fields


def parse_body(model: type[BodyT], body: bytes, check: Check | None = None, **context: Any) -> BodyT:
    """Validate a JSON body with its model and with `check`, which runs for bodies that the model accepts, too.

    `context` is for the model's validators, for example `phone_region`. Raise a 400 Problem that lists every fault.
    """
    refusal = parsed = None
    validate = partial(model.model_validate_json, context=context)
    try:
        parsed = validate(body)
    except ValidationError as error:
        refusal = error
    faults = find_faults(refusal, body, validate, check)
    if parsed is None or faults:
        raise invalid_request(faults)
    return parsed


def find_faults(refusal: Exception | None, body: bytes, validate: Validate, check: Check | None = None) -> list[Fault]:
    """List the faults of a body: those of its model, if `refusal` is a ValidationError, then those that `check` finds.

    Where both find a fault at the same place, the model's is listed. Only “extra_forbidden” gives way: `check` knows
    why the field is not allowed, for example because it cannot be changed.
    """
    of_model = faults_of(refusal, body, validate) if isinstance(refusal, ValidationError) else []
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


def faults_of(error: ValidationError, body: bytes = b"", validate: Validate | None = None) -> list[Fault]:
    """Convert pydantic's errors. `body` and `validate` are needed for models that refuse unknown keys.

    Of very many not each is described, but each is in the list.
    """
    described = describe_errors(error, body, validate)
    faults = [fault for detail in described for fault in _faults_of(detail)]
    return faults + [UNDESCRIBED] * (error.error_count() - len(described))


def describe_errors(error: ValidationError, body: bytes, validate: Validate | None) -> list[ErrorDetails]:
    """Describe pydantic's errors; of very many only those in the first keys of each object.

    The given values are not repeated: they may be personal, or megabytes long.
    """
    if validate is None or error.error_count() <= MAX_DESCRIBED:
        return error.errors(include_url=False, include_input=False)
    try:
        validate(to_json(_first_keys(from_json(body), 2 * MAX_FAULTS)))
    except ValidationError as shorter:
        described = shorter.errors(include_url=False, include_input=False)
        # What is missing may be among the keys that were left out.
        return [detail for detail in described if detail["type"] != "missing"]
    return []


def _first_keys(value: Any, count: int = _FIRST_KEYS) -> Any:
    if isinstance(value, dict):
        return {key: _first_keys(item) for key, item in islice(value.items(), count)}
    return [_first_keys(item) for item in value] if isinstance(value, list) else value


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
