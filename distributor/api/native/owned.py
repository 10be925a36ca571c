"""The caller's own rows: found by id, listed newest first, changed, and deleted while nothing uses them."""

from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import UUID

from django.db import models, transaction
from django.db.models import PROTECT, ForeignObjectRel, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from distributor.api.authentication import caller_key
from distributor.api.native.shapes import Document
from distributor.api.pagination import DEFAULT_LIMIT, MAX_LIMIT, page_response, read_page
from distributor.api.problems import Fault, Problem, ProblemDocument, invalid_request, not_found
from distributor.models import Step

ModelT = TypeVar("ModelT", bound=models.Model)
ValueT = TypeVar("ValueT")

PAGE = [
    OpenApiParameter("cursor", OpenApiTypes.STR, description="An earlier page's nextCursor."),
    OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}),
]
ERRORS: dict[int, Any] = {401: ProblemDocument, 403: ProblemDocument}
ERRORS_OF_ONE: dict[int, Any] = ERRORS | {404: ProblemDocument}
ERRORS_OF_A_BODY: dict[int, Any] = ERRORS | {400: ProblemDocument, 413: ProblemDocument}
CONFLICT: dict[int, Any] = {409: ProblemDocument}
ERRORS_OF_SENDING: dict[int, Any] = ERRORS_OF_A_BODY | CONFLICT | {422: ProblemDocument}


def own_rows(request: Request, model: type[ModelT]) -> QuerySet[ModelT]:
    """What the caller's organisation has of a model."""
    return model._default_manager.filter(organization=caller_key(request).organization)


def find_one(rows: QuerySet[ModelT], named: str, what: str) -> ModelT:
    """The row with an id as it stands in a path. Raises a 404 Problem, for other organisations' rows too."""
    try:
        found = rows.filter(pk=UUID(named)).first()
    except ValueError:
        found = None
    if found is None:
        raise not_found(what)
    return found


def change_one(rows: QuerySet[ModelT], row: ModelT, said: dict[str, Any], what: str) -> ModelT:
    """Write the columns that were said, and no other: what changes meanwhile is not undone. Raises a 404 Problem."""
    if said and not rows.filter(pk=row.pk).update(**said):
        raise not_found(what)  # it was deleted a moment ago
    return find_one(rows, str(row.pk), what)


@transaction.atomic
def delete_one(rows: QuerySet[ModelT], named: str, what: str) -> Response:
    """204. Raises a 409 Problem that names what uses the row, and a 404 Problem.

    The row is locked first: whoever is about to use it waits, and finds it gone.
    """
    row = find_one(rows.select_for_update(), named, what)
    for user in _users(row):
        raise _in_use(what, user)
    row.delete()
    return Response(status=HTTPStatus.NO_CONTENT)


def answer_page(
    request: Request,
    rows: QuerySet[ModelT],
    render: Callable[[ModelT], dict[str, Any]],
    faults: Sequence[Fault] = (),
) -> Response:
    """The page that the caller asks for, newest first. Raises a 400 Problem, with `faults` of its filters."""
    try:
        before, limit = read_page(request, UUID)
    except Problem as problem:
        raise invalid_request([*faults, *problem.faults]) from None
    if faults:
        raise invalid_request(faults)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    page = list(rows.order_by("-pk")[: limit + 1])
    return page_response(request, page, limit, lambda row: str(row.pk), render)


def rendering(document: type[Document]) -> Callable[[models.Model], dict[str, Any]]:
    """Rows as they are documented."""
    return lambda row: document.model_validate(row).model_dump(by_alias=True)


def _users(row: models.Model) -> Iterator[type[models.Model]]:
    """Whatever the row is not to be deleted from under."""
    for relation in row._meta.get_fields(include_hidden=True):
        if isinstance(relation, ForeignObjectRel) and relation.on_delete is PROTECT:
            user = relation.related_model
            if user._default_manager.filter(**{relation.field.name: row}).exists():
                yield user


def _in_use(what: str, user: type[models.Model]) -> Problem:
    # A step is a distribution's own affair.
    users = "distributions" if user is Step else str(user._meta.verbose_name_plural)
    detail = f"This {what} is used by {users}: what was sent must stay readable."
    return Problem(
        HTTPStatus.CONFLICT, f"{what}_in_use", detail, [Fault("", f"used_by_{users.replace(' ', '_')}", detail)]
    )
