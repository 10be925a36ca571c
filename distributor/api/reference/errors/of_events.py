"""Codes of event endpoints and of prices."""

from collections.abc import Mapping
from typing import Final

from distributor.api.reference.errors.entry import Entry

CODES: Final[Mapping[str, Entry]] = {
    "address_refused": Entry(
        "Events are not sent to this address.",
        "Use an https address of a public host. `detail` says what is wrong with this one.",
    ),
    "endpoint_inactive": Entry(
        "Nothing is sent to an event endpoint that is switched off.", "Switch it on with `isActive` first.", 409
    ),
    "invalid_header": Entry("The header cannot be sent.", "`detail` says which names and values are allowed."),
    "invalid_type": Entry("There is no such type of event.", "`detail` lists the types."),
    "too_many_endpoints": Entry(
        "The organisation has as many event endpoints as it may have.", "Delete one first.", 409
    ),
    "decimal_type": Entry("The value is not a number.", "Give a number, or a text such as 0.0345."),
    "decimal_parsing": Entry("The value is not a number.", "Give a number, or a text such as 0.0345."),
    "decimal_max_digits": Entry("The number has too many digits.", "`detail` says how many it may have."),
    "decimal_max_places": Entry("The number has too many decimals.", "`detail` says how many it may have."),
    "decimal_whole_digits": Entry("The number is too large.", "`detail` says how many digits it may have."),
}
