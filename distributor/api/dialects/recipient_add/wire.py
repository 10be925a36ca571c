"""The recipient-add dialect's bodies and answers, field by field as published; keys beyond them are ignored.

Names count in any letter case: the published table writes Firstname where its example writes FirstName. An optional
field that is null counts as not given.
"""

from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, with_config
from pydantic.alias_generators import to_pascal
from pydantic_core import from_json
from typing_extensions import TypedDict

from distributor.api.dry_run import PlanDocument
from distributor.api.fields import NO_NUL, NULL_IS_DEFAULT, ONE_LINE, Line255, Moment

MAX_RECIPIENTS = 1_000
MAX_USER_TEXT = 2_014  # so says the reference
MAX_LIMIT_DAYS = 36_500
_WIRE = ConfigDict(alias_generator=to_pascal, strict=True, extra="ignore", frozen=True)
_ANSWER = ConfigDict(alias_generator=to_pascal)

UserText = Annotated[str, StringConstraints(max_length=MAX_USER_TEXT, pattern=NO_NUL)]
ListName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255, pattern=ONE_LINE)]
BodyT = TypeVar("BodyT", bound="Wire")


class Wire(BaseModel):
    model_config = _WIRE


def _none_if_blank(given: Any) -> Any:
    return None if isinstance(given, str) and not given.strip() else given


@with_config(_WIRE)
class RecipientWire(TypedDict, total=False):
    """Somebody to add. A blank text counts as not given."""

    title: Line255 | None
    first_name: Line255 | None
    last_name: Line255 | None
    mobile_number: Annotated[Line255 | None, Field(description="E.164, or as written in the organisation's country.")]
    email_address: Line255 | None
    user1: UserText | None
    user2: UserText | None
    user3: UserText | None
    user4: UserText | None
    user5: UserText | None
    user6: UserText | None
    user7: UserText | None
    user8: UserText | None
    user9: UserText | None
    user10: UserText | None
    when: Annotated[
        Moment | None,
        BeforeValidator(_none_if_blank),
        Field(description="Invited not before, if the list is connected to a survey. Without an offset: UTC."),
    ]
    lookup_test: Annotated[bool | None, Field(description="Reject the recipient unless the number is a mobile phone.")]


class DuplicationWire(Wire):
    """What makes somebody a duplicate who is not added."""

    fields_: Annotated[
        Line255 | None,
        Field(alias="Fields", description="Of tel, email, firstname, lastname, title, user1 … user10; with commas."),
    ] = None
    date: Annotated[Line255 | None, Field(description="The field that holds the day of the last contact.")] = None
    generate_date: Annotated[bool, NULL_IS_DEFAULT, Field(description="Write today's date into it.")] = False
    limit: Annotated[
        Annotated[int, Field(ge=0, le=MAX_LIMIT_DAYS)] | None,
        Field(description="Days after that day from which one is no duplicate."),
    ] = None


class AddRecipients(Wire):
    """1–1,000 recipients for a list."""

    list_name: ListName
    recipient_list: Annotated[list[RecipientWire], Field(min_length=1, max_length=MAX_RECIPIENTS)]
    duplication: Annotated[DuplicationWire, NULL_IS_DEFAULT] = DuplicationWire()
    lookup_test: Annotated[bool, NULL_IS_DEFAULT, Field(description="Of all recipients.")] = False
    dry_run: Annotated[
        bool, NULL_IS_DEFAULT, Field(description="An addition of ours: answer what would happen, and do nothing.")
    ] = False


class Login(Wire):
    """The password is an API key; the user name is not looked at."""

    user_name: Line255 = ""
    password: Annotated[Line255, Field(description="An API key.")]


class LoginAnswer(BaseModel):
    """The session has begun."""

    model_config = _ANSWER

    status: Literal["Success"]


class FailedLookup(BaseModel):
    """A number that is none of a mobile phone."""

    model_config = _ANSWER

    carrier: str = Field(description="Unknown, where nobody knows.")
    message: str
    number: str
    reachable: bool


class NotInvited(BaseModel):
    """Somebody who was added and is not invited: an addition of ours."""

    model_config = _ANSWER

    mobile_number: str
    email_address: str
    reason: str = Field(description="Such as opted_out, suppressed, no_address or frequency_rule")
    detail: dict[str, Any]
    text: str = Field(description="The same as a sentence.")


class AddAnswer(BaseModel):
    """`Status` where everybody was added, otherwise `Errors`; the other lists are there if they hold anything."""

    model_config = _ANSWER

    status: Literal["Success"] | None = None
    errors: list[str] | None = None
    lookups: list[FailedLookup] | None = None
    duplicates: list[dict[str, Any]] | None = Field(None, description="The recipients as they were given.")
    not_invited: list[NotInvited] | None = Field(None, description="An addition of ours.")
    dry_run: Literal[True] | None = Field(None, description="Ours: nothing was done, this is what would be.")
    plan: PlanDocument | None = Field(None, description="Ours: of a dry run, the invitations if there would be any.")


class ErrorTexts(BaseModel):
    """What every error looks like."""

    model_config = _ANSWER

    errors: list[str]


def read_body(model: type[BodyT], body: bytes) -> BodyT:
    """Validate a JSON body, whatever the letter case of its names. Raises pydantic's ValidationError."""
    try:
        given = from_json(body)
    except ValueError:
        return model.model_validate_json(body)  # which says what is wrong with it
    return model.model_validate(_as_published(given))


# None of them means something else elsewhere in a body.
_PUBLISHED: Final = {
    name.lower(): name
    for name in (
        *map(to_pascal, RecipientWire.__annotations__),
        *("ListName", "RecipientList", "Duplication", "LookupTest", "DryRun"),
        *("Fields", "Date", "GenerateDate", "Limit"),
        *("UserName", "Password"),
    )
}


def _as_published(given: Any) -> Any:
    if isinstance(given, dict):
        return {_PUBLISHED.get(name.lower(), name): _as_published(value) for name, value in given.items()}
    return [_as_published(one) for one in given] if isinstance(given, list) else given
