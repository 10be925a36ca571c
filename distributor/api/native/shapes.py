"""What the bodies and answers of the native resources have in common."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any, TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints
from pydantic import ValidationError as BodyError
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError, from_json

from contacts.models.organization import validate_time_zone
from distributor.api.fields import BCP_47_OR_BLANK, MAX_TEXT_LENGTH, NO_NUL, ONE_LINE, Email, Line255
from distributor.api.problems import Fault, invalid_request
from distributor.api.validation import faults_of

BodyT = TypeVar("BodyT", bound="Body")
_validate_url = URLValidator(schemes=["http", "https"])


class Body(BaseModel):
    """What a caller says. A name that means nothing is a fault: a slip of the pen is not lost in silence."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True, extra="forbid", frozen=True)

    def said(self) -> dict[str, Any]:
        """The fields that were given, by the names of their columns."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Document(BaseModel):
    """What is answered, as it stands in a row."""

    # Plain values: our renderer takes no subclasses of str, which Django's choices are.
    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, from_attributes=True, frozen=True, use_enum_values=True
    )


def parse_checked(
    model: type[BodyT], body: bytes, check: Callable[[dict[str, Any]], Iterable[Fault]], **context: Any
) -> BodyT:
    """Validate a JSON body, its fields one by one and, with `check`, what they come to together.

    `check` is shown the object as it was given, whatever its types, so that every fault is named at once. `context` is
    pydantic's. Raises a 400 Problem.
    """
    faults: list[Fault] = []
    parsed = None
    try:
        parsed = model.model_validate_json(body, context=context)
    except BodyError as error:
        faults = faults_of(error)
    checked = list(check(_as_given(body)))
    # A field's own fault comes first, except “extra”, which is said of fields that are fixed after creation.
    better_said = {fault.pointer for fault in checked}
    own = [fault for fault in faults if fault.code != "extra_forbidden" or fault.pointer not in better_said]
    named = {fault.pointer for fault in own}
    faults = own + [fault for fault in checked if fault.pointer not in named]
    if parsed is None or faults:
        raise invalid_request(faults)
    return parsed


def _as_given(body: bytes) -> dict[str, Any]:
    try:
        given = from_json(body)
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def _check_time_zone(name: str) -> str:
    try:
        if name:
            validate_time_zone(name)
    except ValidationError:
        raise PydanticCustomError("invalid_time_zone", "This is no IANA time zone, such as Europe/Warsaw.") from None
    return name


def _check_url(text: str) -> str:
    try:
        if text:
            _validate_url(text)
    except ValidationError:
        raise PydanticCustomError("invalid_url", "This is no URL that begins with https:// or http://.") from None
    return text


def _blank_if_null(text: str | None) -> str:
    return text or ""


# null clears, and so does "".
CLEARED = AfterValidator(_blank_if_null)
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255, pattern=ONE_LINE)]
Line = Annotated[Line255 | None, CLEARED]
Text = Annotated[Annotated[str, StringConstraints(max_length=MAX_TEXT_LENGTH, pattern=NO_NUL)] | None, CLEARED]
EmailOrNone = Annotated[Email | None, CLEARED]
Locale = Annotated[str, StringConstraints(max_length=35, pattern=BCP_47_OR_BLANK)]
LocaleOrNone = Annotated[Locale | None, CLEARED]
TimeZoneOrNone = Annotated[
    Annotated[str, StringConstraints(max_length=63), AfterValidator(_check_time_zone)] | None, CLEARED
]
UrlOrNone = Annotated[
    Annotated[str, StringConstraints(max_length=2000, pattern=ONE_LINE), AfterValidator(_check_url)] | None, CLEARED
]

# Of an answer: what is not set is null.
NoneIfBlank = Annotated[str | None, BeforeValidator(lambda text: text or None)]
