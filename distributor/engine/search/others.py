"""Find rows that are not people: by code, by id of any spelling, and by part of the name."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from channels.models import ProviderAccount, Template
from contacts.models import Contact, MailingList
from distributor.engine.infrastructure.sql_params import array_of
from distributor.engine.journey.attempts import read_attempt_id
from distributor.engine.search.by_index import LEAST_PART, pattern_of, read_by_index
from distributor.models import Distribution, Recipient, RecurringDistribution, Response, Survey
from distributor.rules.link_codes import is_well_formed

SHOWN: Final = 10
# The index `distributions_by_part`. As with people, the organisation must not be what an index is read by.
_NAMED: Final = """
SELECT id FROM (
    SELECT id FROM distributor_distribution
    WHERE upper(name) LIKE upper(%(part)s) AND name <> '' AND (organization_id = ANY(%(organizations)s::uuid[])) IS TRUE
    LIMIT 1000
) AS named ORDER BY id DESC LIMIT 10
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where is looked.

    `organizations_of` returns in which of the organisations whoever asks has a permission. `read_keys` returns the
    first and the last key that an id of a published API may stand for; None if the text is no such id of the model.
    """

    organization_ids: Sequence[UUID]
    organizations_of: Callable[[str], Sequence[UUID]]
    read_keys: Callable[[type[Model], str], tuple[UUID, UUID] | None]


@dataclass(frozen=True, slots=True)
class Found:
    """A row, with a line that tells it from others of its kind."""

    row: Any
    detail: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of rows that is looked for."""

    model: type[Model]
    permission: str
    organization_path: str = "organization"
    has_name: bool = True
    related: tuple[str, ...] = ("organization",)
    describe: Callable[[Any], str] = lambda row: str(row.organization)

    def rows(self, scope: Scope) -> QuerySet[Any]:
        """Return the rows that may be seen in the scope."""
        organizations = scope.organizations_of(self.permission)
        rows = self.model._default_manager.filter(**{f"{self.organization_path}__in": organizations})
        return rows.select_related(*self.related).order_by("-pk")


def _describe_recipient(recipient: Recipient) -> str:
    distribution = recipient.distribution
    return f"{recipient.contact.full_name or recipient.contact}, {distribution.name or distribution.survey}"


KINDS: Final = (
    Kind(
        Recipient,
        "distributor.view_recipient",
        "distribution__organization",
        has_name=False,
        related=("distribution__survey", "contact"),
        describe=_describe_recipient,
    ),
    Kind(
        Distribution,
        "distributor.view_distribution",
        related=("organization", "survey"),
        describe=lambda row: f"{row.survey}, {row.organization}",
    ),
    Kind(RecurringDistribution, "distributor.view_recurringdistribution"),
    Kind(Survey, "distributor.view_survey"),
    Kind(
        Template,
        "channels.view_template",
        describe=lambda row: f"{row.get_channel_display()}, {row.organization}",
    ),
    Kind(MailingList, "contacts.view_mailinglist"),
    Kind(ProviderAccount, "channels.view_provideraccount"),
    Kind(
        Response,
        "distributor.view_response",
        "survey__organization",
        has_name=False,
        related=("survey",),
        describe=lambda row: str(row.survey),
    ),
)


def find_others(scope: Scope, text: str) -> Iterator[tuple[Kind, list[Found]]]:
    """Yield the kinds of which something was found. Raises TooCommonError."""
    uuid, attempt = as_uuid(text), read_attempt_id(text.strip("<>").partition("@")[0])
    for kind in KINDS:
        condition = _condition(kind, scope, text, uuid, attempt)
        rows = kind.rows(scope).filter(condition)[:SHOWN] if condition else ()
        if found := [Found(row, kind.describe(row)) for row in rows]:
            yield kind, found


def contact_id_of(text: str, scope: Scope) -> UUID | None:
    """Return the id of the contact that an id of a published API stands for, or the UUID that the text is."""
    keys = scope.read_keys(Contact, text)
    if keys is None:
        return as_uuid(text)
    rows = Contact.objects.filter(organization_id__in=scope.organization_ids, pk__range=keys)
    return rows.values_list("pk", flat=True).first()


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _condition(kind: Kind, scope: Scope, text: str, uuid: UUID | None, attempt: tuple[int, int] | None) -> Q | None:
    conditions: list[Q] = []
    if kind.model is Recipient:
        code = text.rstrip("/").rpartition("/")[2]  # also of a link, such as https://…/p/aB3dE6gH9jK2
        conditions += [Q(code=code)] if is_well_formed(code) else []
        conditions += [Q(pk=attempt[0])] if attempt else []
    elif uuid is not None:
        conditions.append(Q(pk=uuid))
    elif keys := scope.read_keys(kind.model, text):
        conditions.append(Q(pk__range=keys))
    elif kind.has_name and len(text) >= LEAST_PART:
        conditions.append(Q(pk__in=_named(scope, text)) if kind.model is Distribution else Q(name__icontains=text))
    return _any_of(conditions)


def _named(scope: Scope, text: str) -> list[UUID]:
    """Return the newest distributions with this part in their name."""
    parameters = {"part": pattern_of(text), "organizations": array_of(scope.organization_ids)}
    return [row_id for (row_id,) in read_by_index(_NAMED, parameters)]


def _any_of(conditions: Sequence[Q]) -> Q | None:
    whole = None
    for condition in conditions:
        whole = condition if whole is None else whole | condition
    return whole
