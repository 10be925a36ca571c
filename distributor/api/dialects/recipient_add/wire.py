"""Bodies and answers of recipient add, with the published fields. Unknown keys are ignored.

The letter case of keys does not matter: the published table writes Firstname where its example writes FirstName. A null
in an optional field is the same as leaving the field out.
"""

from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import ConfigDict, Field, StringConstraints, with_config
from pydantic.alias_generators import to_pascal
from pydantic_core import from_json
from typing_extensions import TypedDict

from distributor.api.bodies.dry_run import PlanDocument
from distributor.api.bodies.fields import NO_NUL, NULL_IS_DEFAULT, ONE_LINE, Line255, MomentOrNone
from distributor.api.wire import Document, LenientBody

MAX_RECIPIENTS = 1_000
MAX_USER_TEXT = 2_014  # as published
MAX_LIMIT_DAYS = 36_500

UserText = Annotated[str, StringConstraints(max_length=MAX_USER_TEXT, pattern=NO_NUL)]
ListName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255, pattern=ONE_LINE)]
BodyT = TypeVar("BodyT", bound="Wire")


class Wire(LenientBody):
    model_config = ConfigDict(alias_generator=to_pascal)


class Answer(Document):
    model_config = ConfigDict(alias_generator=to_pascal)


_UserField = Annotated[
    UserText | None,
    Field(
        description="Free text of your own. Saved in the contact's embedded data; templates read `User1` as "
        "`${contact:User1}`.",
        examples=["Ward B"],
    ),
]


@with_config(Wire.model_config)
class RecipientWire(TypedDict, total=False):
    """A recipient to add. Needs a mobile number, an e-mail address or both. Blank text is the same as no text."""

    title: Annotated[Line255 | None, Field(description="Title.", examples=["Ms"])]
    first_name: Annotated[Line255 | None, Field(description="First name.", examples=["Ann"])]
    last_name: Annotated[Line255 | None, Field(description="Last name.", examples=["Ono"])]
    mobile_number: Annotated[
        Line255 | None,
        Field(
            description="Mobile number in E.164. A number without a country code is read in the organisation's phone "
            "region.",
            examples=["+48601000001"],
        ),
    ]
    email_address: Annotated[Line255 | None, Field(description="E-mail address.", examples=["ann@example.com"])]
    user1: _UserField
    user2: _UserField
    user3: _UserField
    user4: _UserField
    user5: _UserField
    user6: _UserField
    user7: _UserField
    user8: _UserField
    user9: _UserField
    user10: _UserField
    when: Annotated[
        MomentOrNone,
        Field(
            description="Earliest time of the invitation, ISO 8601, if the list is connected to a survey. A time "
            "without an offset is UTC. Omit to invite now.",
            examples=["2030-02-04T16:23:43+00:00"],
        ),
    ]
    lookup_test: Annotated[
        bool | None,
        Field(description="Check the number, and reject the recipient if it is not a mobile number.", examples=[True]),
    ]


class DuplicationWire(Wire):
    """Which recipients count as duplicates. Duplicates are not added."""

    fields_: Annotated[
        Line255 | None,
        Field(
            alias="Fields",
            description="Fields to compare, separated by commas: `tel`, `email`, `firstname`, `lastname`, `title`, "
            "`user1` … `user10`. A recipient is a duplicate if all of them are equal.",
            examples=["tel,email"],
        ),
    ] = None
    date: Annotated[
        Line255 | None,
        Field(description="Name of the field that holds the day of the last contact.", examples=["user2"]),
    ] = None
    generate_date: Annotated[
        bool,
        NULL_IS_DEFAULT,
        Field(description="Write today's date to the `Date` field of added recipients.", examples=[True]),
    ] = False
    limit: Annotated[
        Annotated[int, Field(ge=0, le=MAX_LIMIT_DAYS)] | None,
        Field(
            description="Number of days after the day in `Date` from which a recipient is no longer a duplicate.",
            examples=[30],
        ),
    ] = None


class AddRecipients(Wire):
    """Recipients to add to a list."""

    list_name: Annotated[ListName, Field(description="Name of the list, exactly as saved.", examples=["Ward B"])]
    recipient_list: Annotated[
        list[RecipientWire], Field(min_length=1, max_length=MAX_RECIPIENTS, description="1 to 1,000 recipients.")
    ]
    duplication: Annotated[
        DuplicationWire, NULL_IS_DEFAULT, Field(description="Duplicate check. Omit to add everyone.")
    ] = DuplicationWire()
    lookup_test: Annotated[
        bool, NULL_IS_DEFAULT, Field(description="Check the numbers of all recipients.", examples=[True])
    ] = False
    dry_run: Annotated[
        bool,
        NULL_IS_DEFAULT,
        Field(
            description="Extension: answer what the call would do, and change nothing.",
            examples=[False],
        ),
    ] = False


class Login(Wire):
    """Credentials: an API key is the password."""

    user_name: Annotated[Line255, Field(description="Not checked.", examples=["ward-b"])] = ""
    password: Annotated[
        Line255, Field(description="An API key.", examples=["dk_0123456789abcdefghijklmnopqrstuvwxyzA"])
    ]


class LoginAnswer(Answer):
    """The session has begun."""

    status: Literal["Success"] = Field(description="Always `Success`.", examples=["Success"])


class FailedLookup(Answer):
    """A number that failed the mobile number check."""

    carrier: str = Field(description="Name of the carrier, or `Unknown`.", examples=["Plus"])
    message: str = Field(description="Why the number failed.", examples=["Not a mobile number: landline."])
    number: str = Field(description="The number that was checked, in E.164.", examples=["+48221234567"])
    reachable: bool = Field(description="Always false: only numbers that failed are listed.", examples=[False])


class NotInvited(Answer):
    """A recipient who was added to the list and not invited (extension)."""

    mobile_number: str = Field(description="Mobile number in E.164, or blank.", examples=["+48601000001"])
    email_address: str = Field(description="E-mail address, or blank.", examples=["ann@example.com"])
    reason: str = Field(
        description="Reason code, for example `opted_out`, `suppressed`, `number_not_allowed` or `frequency_rule`.",
        examples=["opted_out"],
    )
    detail: dict[str, Any] = Field(
        description="Data that the reason is based on.", examples=[{"since": "2026-03-05T09:00:00+00:00"}]
    )
    text: str = Field(
        description="The reason as a sentence for people.", examples=["skipped: the contact opted out 2 days ago"]
    )


class AddAnswer(Answer):
    """`Status` if every recipient was added, otherwise `Errors`. The other lists are present only if not empty."""

    status: Literal["Success"] | None = Field(
        None, description="Present if every recipient was added.", examples=["Success"]
    )
    errors: list[str] | None = Field(
        None,
        description="One report for each recipient that was not added, in the order of the call.",
        examples=[
            ["There was a problem with the following recipient Ms Ann Ono ann@example.com 12 Invalid mobile number for"]
        ],
    )
    lookups: list[FailedLookup] | None = Field(None, description="The numbers that failed the check.")
    duplicates: list[dict[str, Any]] | None = Field(
        None, description="The duplicate recipients, as given.", examples=[[{"MobileNumber": "+48601000001"}]]
    )
    not_invited: list[NotInvited] | None = Field(
        None, description="Extension: recipients who were added and not invited."
    )
    dry_run: Literal[True] | None = Field(
        None, description="Extension: present in the answer to a dry run. Nothing was changed.", examples=[True]
    )
    plan: PlanDocument | None = Field(
        None, description="Extension: for a dry run, the forecast of the invitations if the list is connected."
    )


class ErrorTexts(Answer):
    """Every error of recipient add."""

    errors: list[str] = Field(description="What is wrong, one text each.", examples=[["No such list found"]])


def read_body(model: type[BodyT], body: bytes) -> BodyT:
    """Validate a JSON body; the letter case of its keys does not matter. Raises pydantic's ValidationError."""
    try:
        data = from_json(body)
    except ValueError:
        return model.model_validate_json(body)  # raises what is wrong with the JSON
    return model.model_validate(_with_published_keys(data))


def read_login(body: bytes) -> Login:
    """Validate a login. Of whatever else it contains nothing is read, since everybody may send one."""
    try:
        data = from_json(body)
    except ValueError:
        return Login.model_validate_json(body)  # raises what is wrong with the JSON
    if isinstance(data, dict):
        names = {name.lower(): name for name in map(to_pascal, Login.model_fields)}
        data = {names[key.lower()]: value for key, value in data.items() if key.lower() in names}
    return Login.model_validate(data)


# Published keys by their lower case. No two keys of different objects differ in letter case only.
_PUBLISHED_KEYS: Final = {
    name.lower(): name
    for name in (
        *map(to_pascal, RecipientWire.__annotations__),
        *("ListName", "RecipientList", "Duplication", "LookupTest", "DryRun"),
        *("Fields", "Date", "GenerateDate", "Limit"),
        *("UserName", "Password"),
    )
}


def _with_published_keys(data: Any) -> Any:
    if isinstance(data, dict):
        return {_PUBLISHED_KEYS.get(key.lower(), key): _with_published_keys(value) for key, value in data.items()}
    return [_with_published_keys(item) for item in data] if isinstance(data, list) else data
