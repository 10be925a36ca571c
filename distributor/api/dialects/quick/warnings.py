"""Warnings about keys of a quick body that nothing reads. A misspelt key is ignored, as published, and named."""

from functools import partial
from typing import Any, Final

from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from distributor.api.answers.problems import Fault
from distributor.api.bodies.suggestions import suggestion
from distributor.api.bodies.validation import describe_errors, json_pointer
from distributor.api.dialects.quick.wire import QuickChannel, QuickContact, QuickDistribution, QuickSettings

MAX_WARNINGS: Final = 100
_KEYS: Final = {
    "contacts": [to_camel(name) for name in QuickContact.__annotations__],
    "channels": [to_camel(name) for name in QuickChannel.model_fields],
    "settings": [to_camel(name) for name in QuickSettings.model_fields],
}
_ROOT_KEYS: Final = [to_camel(name) for name in QuickDistribution.model_fields]


def read_quick_body(content: bytes, phone_region: str) -> tuple[QuickDistribution, list[Fault]]:
    """Validate a body and return it with its warnings. Raise pydantic's ValidationError.

    Only a body that has an unknown key, or is refused, is validated a second time.
    """
    validate = partial(QuickDistribution.model_validate_json, context={"phone_region": phone_region})
    try:
        return validate(content, extra="forbid"), []
    except ValidationError as error:
        body = validate(content)
        # The body is accepted, so there are no other errors.
        count, described = error.error_count(), describe_errors(error, content, partial(validate, extra="forbid"))
    warnings = [_warning(detail["loc"]) for detail in described[:MAX_WARNINGS]]
    if more := count - len(warnings):
        warnings.append(Fault("", "more_warnings", f"{more:,} more keys are unknown and were ignored."))
    return body, warnings


def _warning(place: tuple[Any, ...]) -> Fault:
    key = str(place[-1])
    known = _KEYS.get(str(place[0]), []) if len(place) > 1 else _ROOT_KEYS
    return Fault(json_pointer(place)[:500], "unknown_key", f"Unknown key, ignored.{suggestion(key, known)}")
