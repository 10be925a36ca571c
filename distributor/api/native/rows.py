"""The rows of the caller's organisation: find one by id, list them newest first, change one, delete an unused one."""

from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import UUID

from django.db import models, transaction
from django.db.models import PROTECT, ForeignObjectRel, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from distributor.api.answers.pagination import page_response, read_page
from distributor.api.answers.problems import Fault, Problem, not_found
from distributor.api.calls.authentication import caller_key
from distributor.api.wire import Document
from distributor.models import Step

ModelT = TypeVar("ModelT", bound=models.Model)


def own_rows(request: Request, model: type[ModelT]) -> QuerySet[ModelT]:
    """Return the rows of a model that belong to the caller's organisation."""
    return model._default_manager.filter(organization=caller_key(request).organization)


def find_row(rows: QuerySet[ModelT], text: str, noun: str) -> ModelT:
    """Return the row with the id from the path. Raise a 404 Problem, also for rows of other organisations."""
    try:
        found = rows.filter(pk=UUID(text)).first()
    except ValueError:
        found = None
    if found is None:
        raise not_found(noun)
    return found


def change_row(rows: QuerySet[ModelT], row: ModelT, values: dict[str, Any], noun: str) -> ModelT:
    """Write these columns and no others, so that simultaneous changes are kept. Raise a 404 Problem."""
    if values and not rows.filter(pk=row.pk).update(**values):
        raise not_found(noun)  # deleted a moment ago
    return find_row(rows, str(row.pk), noun)


@transaction.atomic
def delete_row(rows: QuerySet[ModelT], text: str, noun: str) -> Response:
    """Answer 204. Raise a 404 Problem, and a 409 Problem that names what uses the row.

    The row is locked first: a transaction that is about to use it waits, and then finds it deleted.
    """
    row = find_row(rows.select_for_update(), text, noun)
    for user in _users(row):
        raise _in_use(noun, user)
    row.delete()
    return Response(status=HTTPStatus.NO_CONTENT)


def answer_page(
    request: Request,
    rows: QuerySet[ModelT],
    render: Callable[[ModelT], dict[str, Any]],
    faults: Sequence[Fault] = (),
) -> Response:
    """Answer the requested page, newest first. Raise a 400 Problem, also for `faults` of the filters."""
    before, limit = read_page(request, UUID, faults)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    page = list(rows.order_by("-pk")[: limit + 1])
    return page_response(request, page, limit, lambda row: str(row.pk), render)


def renderer(document: type[Document]) -> Callable[[models.Model], dict[str, Any]]:
    """Return a function that renders a row as a document with the same attributes."""
    return lambda row: document.model_validate(row).rendered()


def _users(row: models.Model) -> Iterator[type[models.Model]]:
    """Find the models with rows that protect this row from being deleted."""
    for relation in row._meta.get_fields(include_hidden=True):
        if isinstance(relation, ForeignObjectRel) and relation.on_delete is PROTECT:
            user = relation.related_model
            if user._default_manager.filter(**{relation.field.name: row}).exists():
                yield user


def _in_use(noun: str, user: type[models.Model]) -> Problem:
    # Callers know a step as part of its distribution.
    users = "distributions" if user is Step else str(user._meta.verbose_name_plural)
    detail = f"This {noun} is used by {users} and cannot be deleted."
    return Problem(
        HTTPStatus.CONFLICT, f"{noun}_in_use", detail, [Fault("", f"used_by_{users.replace(' ', '_')}", detail)]
    )
