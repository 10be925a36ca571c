"""Codes of faults of single values: those of pydantic, which validates every body."""

from collections.abc import Mapping
from typing import Final

from distributor.api.reference.errors.entry import Entry

_TYPES: Final = {
    "string_type": "a text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number within 64 bits",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "list_type": "a list",
    "dict_type": "an object",
    "mapping_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "dataclass_type": "an object",
    "uuid_type": "a UUID",
    "uuid_parsing": "a UUID, for example 0195e3a1-0000-7000-8000-000000000001",
    "datetime_type": "an ISO 8601 time, for example 2030-03-05T09:00:00+01:00",
    "datetime_parsing": "an ISO 8601 time, for example 2030-03-05T09:00:00+01:00",
    "datetime_from_date_parsing": "an ISO 8601 time, for example 2030-03-05T09:00:00+01:00",
    "datetime_object_invalid": "an ISO 8601 time, for example 2030-03-05T09:00:00+01:00",
}

CODES: Final[Mapping[str, Entry]] = {
    **{code: Entry(f"The value is not {kind}.", f"Give {kind}.") for code, kind in _TYPES.items()},
    "json_invalid": Entry("The body is not JSON.", "`detail` says where parsing stopped."),
    "json_type": Entry("The body is not JSON.", "Send JSON in UTF-8."),
    "missing": Entry("A required field is missing.", "Give the field."),
    "extra_forbidden": Entry("There is no such field.", "Check its spelling."),
    "string_too_short": Entry("The text is too short.", "`detail` says how long it must be."),
    "string_too_long": Entry("The text is too long.", "`detail` says how long it may be."),
    "string_pattern_mismatch": Entry("The text has another form.", "`detail` has the form."),
    "string_unicode": Entry("The text is not valid Unicode.", "Send UTF-8 without single surrogates."),
    "too_short": Entry("There are too few elements.", "`detail` says how many are needed."),
    "too_long": Entry(
        "A text has too many characters, or a list too many elements.",
        "`detail` says how much is allowed.",
    ),
    "enum": Entry("The value is none of those allowed.", "`detail` lists them."),
    "literal_error": Entry("The value is none of those allowed.", "`detail` lists them."),
    "none_required": Entry("The value must be null.", "Leave the field out."),
    "greater_than": Entry("The number is too small.", "`detail` has the limit."),
    "greater_than_equal": Entry("The number is too small.", "`detail` has the limit."),
    "less_than": Entry("The number is too large.", "`detail` has the limit."),
    "less_than_equal": Entry("The number is too large.", "`detail` has the limit."),
    "multiple_of": Entry("The number is not a multiple of the step.", "`detail` has the step."),
    "timezone_aware": Entry("The time has no UTC offset.", "Add Z or an offset such as +01:00."),
    "union_tag_invalid": Entry("The object is of an unknown kind.", "`detail` lists the kinds."),
    "union_tag_not_found": Entry("The object does not say its kind.", "Give the field that `detail` names."),
    "value_error": Entry("The value is not valid.", "`detail` says why."),
    "recursion_loop": Entry("The value is nested too deeply.", "Use fewer levels."),
}
