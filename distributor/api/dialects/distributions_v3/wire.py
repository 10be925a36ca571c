"""The id fields of bodies."""

from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from distributor.api.dialects.distributions_v3.ids import KeyRange, Kind, read_id


def _id_reader(kind: Kind) -> PlainValidator:
    def read(value: Any) -> KeyRange:
        keys = read_id(kind, value) if isinstance(value, str) else None
        if keys is None:
            text = f"Not a valid id. Use {kind.value}_ followed by 15 letters or digits."
            raise PydanticCustomError("invalid_id", text)
        return keys

    return PlainValidator(read)


def _schema(kind: Kind) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": kind.pattern})


def _schema_or_blank(kind: Kind) -> WithJsonSchema:
    pattern = f"^({kind.pattern.strip('^$')})?$"
    return WithJsonSchema({"anyOf": [{"type": "string", "pattern": pattern}, {"type": "null"}]})


def none_if_blank(value: Any) -> Any:
    """Treat "" as absent: published examples have it in fields that they do not use."""
    return None if value == "" else value


SurveyId: TypeAlias = Annotated[KeyRange, _id_reader(Kind.SURVEY), _schema(Kind.SURVEY)]
MessageId: TypeAlias = Annotated[KeyRange, _id_reader(Kind.MESSAGE), _schema(Kind.MESSAGE)]
_MailingListId: TypeAlias = Annotated[KeyRange, _id_reader(Kind.MAILING_LIST), _schema(Kind.MAILING_LIST)]
_ContactId: TypeAlias = Annotated[KeyRange, _id_reader(Kind.CONTACT), _schema(Kind.CONTACT)]
_LibraryId: TypeAlias = Annotated[KeyRange, _id_reader(Kind.LIBRARY), _schema(Kind.LIBRARY)]
_DirectoryId: TypeAlias = Annotated[KeyRange, _id_reader(Kind.DIRECTORY), _schema(Kind.DIRECTORY)]
_DistributionId: TypeAlias = Annotated[KeyRange, _id_reader(Kind.DISTRIBUTION), _schema(Kind.DISTRIBUTION)]
BLANK_IS_NONE = BeforeValidator(none_if_blank)
MailingListIdOrNone: TypeAlias = Annotated[_MailingListId | None, BLANK_IS_NONE, _schema_or_blank(Kind.MAILING_LIST)]
ContactIdOrNone: TypeAlias = Annotated[_ContactId | None, BLANK_IS_NONE, _schema_or_blank(Kind.CONTACT)]
MessageIdOrNone: TypeAlias = Annotated[MessageId | None, BLANK_IS_NONE, _schema_or_blank(Kind.MESSAGE)]
LibraryIdOrNone: TypeAlias = Annotated[_LibraryId | None, BLANK_IS_NONE, _schema_or_blank(Kind.LIBRARY)]
DirectoryIdOrNone: TypeAlias = Annotated[_DirectoryId | None, BLANK_IS_NONE, _schema_or_blank(Kind.DIRECTORY)]
DistributionIdOrNone: TypeAlias = Annotated[_DistributionId | None, BLANK_IS_NONE, _schema_or_blank(Kind.DISTRIBUTION)]
