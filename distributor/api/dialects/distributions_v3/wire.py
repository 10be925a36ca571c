"""What the fields of this dialect's bodies have in common. A key that means nothing is a fault, as in the original."""

from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainValidator, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from distributor.api.dialects.distributions_v3.ids import KeyRange, Kind, read_id


class Body(BaseModel):
    """What a caller says."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True, extra="forbid", frozen=True)


def _reads(kind: Kind) -> PlainValidator:
    def read(text: Any) -> KeyRange:
        keys = read_id(kind, text) if isinstance(text, str) else None
        if keys is None:
            form = f"An id of this kind is {kind.value}_ and 15 letters or digits."
            raise PydanticCustomError("invalid_id", form)
        return keys

    return PlainValidator(read)


def _schema(kind: Kind) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": kind.pattern})


def _schema_or_blank(kind: Kind) -> WithJsonSchema:
    pattern = f"^({kind.pattern.strip('^$')})?$"
    return WithJsonSchema({"anyOf": [{"type": "string", "pattern": pattern}, {"type": "null"}]})


def none_if_blank(text: Any) -> Any:
    """Published examples leave "" where nothing is meant."""
    return None if text == "" else text


SurveyId: TypeAlias = Annotated[KeyRange, _reads(Kind.SURVEY), _schema(Kind.SURVEY)]
MessageId: TypeAlias = Annotated[KeyRange, _reads(Kind.MESSAGE), _schema(Kind.MESSAGE)]
_MailingListId: TypeAlias = Annotated[KeyRange, _reads(Kind.MAILING_LIST), _schema(Kind.MAILING_LIST)]
_ContactId: TypeAlias = Annotated[KeyRange, _reads(Kind.CONTACT), _schema(Kind.CONTACT)]
_LibraryId: TypeAlias = Annotated[KeyRange, _reads(Kind.LIBRARY), _schema(Kind.LIBRARY)]
_DistributionId: TypeAlias = Annotated[KeyRange, _reads(Kind.DISTRIBUTION), _schema(Kind.DISTRIBUTION)]
BLANK_IS_NONE = BeforeValidator(none_if_blank)
MailingListIdOrNone: TypeAlias = Annotated[_MailingListId | None, BLANK_IS_NONE, _schema_or_blank(Kind.MAILING_LIST)]
ContactIdOrNone: TypeAlias = Annotated[_ContactId | None, BLANK_IS_NONE, _schema_or_blank(Kind.CONTACT)]
LibraryIdOrNone: TypeAlias = Annotated[_LibraryId | None, BLANK_IS_NONE, _schema_or_blank(Kind.LIBRARY)]
DistributionIdOrNone: TypeAlias = Annotated[_DistributionId | None, BLANK_IS_NONE, _schema_or_blank(Kind.DISTRIBUTION)]
