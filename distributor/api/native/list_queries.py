"""Filters, order and page of a list: query parameters of a GET, or the JSON body of a search, by the same models."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal, TypeVar
from uuid import UUID

import orjson
from drf_spectacular.utils import OpenApiParameter
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from distributor.api.answers.pagination import DEFAULT_LIMIT, MAX_LIMIT, next_link
from distributor.api.answers.problems import Fault, Problem, invalid_request
from distributor.api.bodies.fields import AwareMoment
from distributor.api.bodies.validation import parse_body
from distributor.api.native.cursors import decode_cursor, encode_position
from distributor.api.request_body import json_body
from distributor.api.wire import Body
from distributor.engine.queries.page import Found, Key, Window

QueryT = TypeVar("QueryT", bound="ListQuery")
RowT = TypeVar("RowT")
_MAX_DIGITS: Final = 4
# Their faults come last, in this order.
_OF_PAGE: Final = "/order/cursor/limit"
_UNESCAPED_OFFSET: Final = re.compile(r"(:\d\d(?:\.\d+)?) (\d\d(?::?\d\d)?)\Z", re.ASCII)


class ListQuery(Body):
    """What a list shows: filters that must all match, an order, and a page."""

    is_ascending: ClassVar[bool] = False
    # How the parts of a key are read: by id, and by time of change.
    key: ClassVar[tuple[Callable[[str], Any], ...]] = (UUID,)
    change_key: ClassVar[tuple[Callable[[str], Any], ...]] = (datetime.fromisoformat, UUID)

    created_after: AwareMoment | None = Field(
        None, description="Only what was created at this time or later.", examples=["2026-03-01T00:00:00+01:00"]
    )
    created_before: AwareMoment | None = Field(
        None, description="Only what was created before this time.", examples=["2026-04-01T00:00:00+02:00"]
    )
    order: Literal["asc", "desc"] | None = Field(
        None, description="asc: the oldest first. desc: the newest first.", examples=["asc"]
    )
    cursor: str | None = Field(
        None,
        description="The `nextCursor` of an earlier page, with the same filters and order.",
        examples=["MDE5NGM0ZjAtNmM1Mi03YzNlLTlhNTMtNWMxYTNkMGU3ZjQy"],
    )
    limit: int = Field(
        DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description=f"The largest number of items on the page, 1 to {MAX_LIMIT:,}.",
        examples=[50],
    )  # fmt: skip

    @property
    def window(self) -> Window:
        order, by_change = self.order, self._is_by_change(self.given_names())
        return Window(
            self.limit,
            self._ascends(order, by_change=by_change),
            self._position(self.cursor, order, by_change=by_change) if self.cursor else None,
            self.created_after,
            self.created_before,
            getattr(self, "updated_after", None),
        )

    def cursor_of(self, key: Key | None) -> str | None:
        """Return the cursor of the page after this key."""
        if key is None:
            return None
        return encode_position(self._mode(self.order, by_change=self._is_by_change(self.given_names())), key)

    def given_names(self) -> dict[str, Any]:
        """Return the filters that were given, by their names on the wire."""
        return self.model_dump(by_alias=True, exclude_none=True)

    @classmethod
    def page_faults(cls, given: dict[str, Any]) -> Iterator[Fault]:
        """Find an order that changes are not listed in, and a cursor that is none or is of another order."""
        cursor, order = given.get("cursor"), given.get("order")
        if order == "desc" and cls._is_by_change(given):
            yield Fault("/order", "invalid", "With updatedAfter, order must be asc: changes are listed oldest first.")
            return
        if not isinstance(cursor, str) or not cursor or order not in (None, "asc", "desc"):
            return
        try:
            cls._position(cursor, order, by_change=cls._is_by_change(given))
        except ValueError:
            detail = "Invalid cursor. Use the nextCursor of an earlier page, with the same order."
            yield Fault("/cursor", "invalid_cursor", detail)

    @classmethod
    def _position(cls, cursor: str, order: str | None, *, by_change: bool) -> Key:
        mode = cls._mode(order, by_change=by_change)
        return decode_cursor(cursor, mode, cls.change_key if by_change else cls.key)

    @staticmethod
    def _is_by_change(given: dict[str, Any]) -> bool:
        return given.get("updatedAfter") is not None

    @classmethod
    def _ascends(cls, order: str | None, *, by_change: bool) -> bool:
        """Changes are always listed oldest first: newest first would miss those made while pages are read."""
        return by_change or (order == "asc" if order else cls.is_ascending)

    @classmethod
    def _mode(cls, order: str | None, *, by_change: bool) -> str:
        """Return the order that a cursor belongs to; "" for the list's own."""
        if by_change:
            return "updated-asc"
        direction = "asc" if cls._ascends(order, by_change=False) else "desc"
        return "" if (direction == "asc") == cls.is_ascending else f"created-{direction}"


class Changed(ListQuery):
    """A list that can be read by the time of change."""

    updated_after: AwareMoment | None = Field(
        None,
        description="Only what was changed at this time or later, in the order of the changes, oldest first; "
        "`order=desc` is refused. The page then has `updatedUntil`: pass it as `updatedAfter` the next time, and no "
        "change is missed. Changes are shown about a second after they are made, or when calls that are running are "
        "finished.",
        examples=["2026-03-05T08:00:00Z"],
    )


UpdatedUntil = Annotated[
    datetime | None,
    Field(
        description="With `updatedAfter`: every change before this time is on this page or an earlier one. Not present "
        "without that filter.",
        examples=["2026-03-05T08:30:00Z"],
        exclude_if=lambda moment: moment is None,
    ),
]


def read_query(request: Request, model: type[QueryT]) -> QueryT:
    """Read a list's query from the URL. Raise a 400 Problem that lists every fault; NativeView finds unknown names."""
    names = {field.alias for field in model.model_fields.values()}
    given = {name: _value(name, text) for name, text in request.query_params.dict().items() if name in names}
    if not given.get("cursor"):
        given.pop("cursor", None)
    return _parse(model, orjson.dumps(given), "?")


def read_search(request: Request, model: type[QueryT]) -> QueryT:
    """Read a list's query from the body of a search. Raise a 400 Problem that lists every fault."""
    return _parse(model, json_body(request), "/")


def answer_list(
    request: Request, query: ListQuery, found: Found[RowT], render: Callable[[RowT], dict[str, Any]]
) -> Response:
    """Answer a page as wire.Page documents it; after a GET with a Link header to the next one."""
    cursor = query.cursor_of(found.next_key)
    page: dict[str, Any] = {"items": [render(row) for row in found.rows], "nextCursor": cursor}
    if found.updated_until is not None:
        page["updatedUntil"] = found.updated_until
    response = Response(page)
    if cursor and request.method != "POST":
        response["Link"] = next_link(request, cursor)
    return response


def parameters_of(model: type[ListQuery]) -> list[OpenApiParameter]:
    """Return a list's filters, order and page as query parameters of the OpenAPI document."""
    described = model.model_json_schema(by_alias=True)["properties"]
    own = list(model.model_fields.values())
    first = [field for field in own if field.alias not in ("order", "cursor", "limit")]
    last = [field for field in own if field not in first]
    return [_parameter(str(field.alias), described[str(field.alias)]) for field in [*first, *last]]


def _parameter(name: str, described: dict[str, Any]) -> OpenApiParameter:
    schema = next((part for part in described.get("anyOf", ()) if part.get("type") != "null"), described)
    hidden = ("title", "description", "examples")
    shape = {key: value for key, value in schema.items() if key not in hidden and value is not None}
    return OpenApiParameter(name, shape, description=described["description"])


def unescape_plus(address: str) -> str:
    """In a query string, a “+” that is not percent-encoded arrives as a space, and addresses contain no spaces."""
    return address.replace(" ", "+")


def _value(name: str, text: str) -> str | int:
    """Return a parameter as the JSON of a search has it. A “+” that is not escaped arrives as a space."""
    if name == "limit":
        return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else text
    if name == "email":
        return unescape_plus(text.strip())
    return _UNESCAPED_OFFSET.sub(r"\1+\2", text) if name.endswith(("After", "Before")) else text


def _parse(model: type[QueryT], body: bytes, sign: str) -> QueryT:
    try:
        return parse_body(model, body, model.page_faults)
    except Problem as problem:
        faults = sorted(problem.faults, key=lambda fault: _OF_PAGE.find(fault.pointer))
        raise invalid_request([_restated(fault, sign) for fault in faults]) from None


def _restated(fault: Fault, sign: str) -> Fault:
    """Return the fault as lists have always told it, at `?name` or `/name`."""
    name = fault.pointer.removeprefix("/")
    pointer = f"{sign}{name}" if fault.pointer else ""
    if name == "limit":
        return Fault(pointer, "out_of_range", f"limit must be a number from 1 to {MAX_LIMIT:,}.")
    if fault.code.startswith("uuid_"):
        return Fault(pointer, "invalid", f"{name} must be a UUID.")
    return Fault(pointer, fault.code, fault.detail)
