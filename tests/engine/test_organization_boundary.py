"""The database refuses references between rows of two organisations, for every pair of tables (decision 42)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from channels.models import ProviderAccount, Template
from contacts.models import ApiKey, Contact, MailingList, Membership, Organization
from contacts.organization_boundary import KeepsOrganization, OrganizationKey, SameOrganizationKey
from distributor.engine.infrastructure.clock import database_now
from distributor.models import (
    Batch,
    ConnectionStep,
    Distribution,
    EventEndpoint,
    Export,
    FileImport,
    ListConnection,
    Occurrence,
    Recipient,
    RecurringDistribution,
    RecurringStep,
    Response,
    Step,
    StepAccount,
    Survey,
)

pytestmark = pytest.mark.django_db
OUR_APPS: Final = ("contacts", "channels", "distributor")

# Foreign keys that the database does not compare, and why.
UNGUARDED: Final = {
    "contacts.ContactChange.contact": "Written by the trigger of the contact's own row.",
    "contacts.ContactChange.organization": "Written by the trigger of the contact's own row.",
    "distributor.Recipient.batch": "Written with the distribution's own batches, never from a call; each retry moves "
    "thousands of recipients to another batch, and a comparison would be paid by every one.",
}
# Ids without a foreign key, and why they cannot carry one organisation's data into another.
PLAIN_IDS: Final = {
    "channels.SandboxMessage.provider_account_id": "a record of what the sandbox was given",
    "contacts.ConsentEvent.contact_id": "a record; the contact was found among the organisation's",
    "distributor.Attempt.recipient_id": "written from the batch of its recipient",
    "distributor.Attempt.step_id": "written from the batch of its recipient",
    "distributor.Attempt.provider_account_id": "written from the step, which is guarded",
    "distributor.Decision.distribution_id": "a record, written with the recipient or the skipped contact",
    "distributor.Decision.contact_id": "a record, written with the recipient or the skipped contact",
    "distributor.Decision.recipient_id": "a record, written with the recipient",
    "distributor.EventBundle.distribution_id": "a record, written with what happened in the distribution",
    "distributor.Expansion.mailing_list_id": "the distribution's own list, which is guarded, as are its members",
    "distributor.Handover.provider_account_id": "written from the step, which is guarded",
    "distributor.MinuteCount.provider_account_id": "a sum of what was written from the step, which is guarded",
    "distributor.ProviderEvent.provider_account_id": "the account whose signature the webhook carried",
    "distributor.ProviderEvent.recipient_id": "an event that names another organisation's recipient is not stored",
    "distributor.Step.subject_source_id": "shown only; the template was found among the organisation's",
    "distributor.Touch.contact_id": "written from a recipient, which is guarded",
    "distributor.Touch.survey_id": "written from a recipient's distribution, which is guarded",
    "distributor.Touch.recipient_id": "written from a recipient",
}


def our_models() -> list[type[models.Model]]:
    models_ = [model for name in OUR_APPS for model in apps.get_app_config(name).get_models()]
    return [model for model in models_ if not model._meta.proxy]


def belongs_to_organization(model: Any) -> bool:
    """Whether rows of the model are an organisation's, by themselves or through what they refer to."""
    return model is Organization or (
        model._meta.app_label in OUR_APPS
        and any(belongs_to_organization(field.related_model) for field in foreign_keys(model))
    )


def foreign_keys(model: Any) -> list[Any]:
    return [field for field in model._meta.concrete_fields if field.remote_field and field.related_model is not model]


def crossable() -> Iterator[tuple[type[models.Model], Any]]:
    """Yield the references of rows that have several: with a single one, a row is of the organisation it leads to."""
    for model in our_models():
        fields = [
            field
            for field in model._meta.concrete_fields
            if field.remote_field and belongs_to_organization(field.related_model)
        ]
        names_its_organization = any(field.attname == "organization_id" for field in model._meta.concrete_fields)
        if len(fields) + (names_its_organization and not hasattr(model, "organization")) > 1:
            yield from ((model, field) for field in fields if f"{model._meta.label}.{field.name}" not in UNGUARDED)


def parents() -> list[type[models.Model]]:
    """Return the models that name their organisation and that others refer to."""
    referred = {field.related_model for model in our_models() for field in model._meta.concrete_fields}
    return [model for model in our_models() if model in referred and hasattr(model, "organization")]


CROSSABLE: Final[dict[type[models.Model], list[Any]]] = {}
for crossable_model, crossable_field in crossable():
    CROSSABLE.setdefault(crossable_model, []).append(crossable_field)
World = dict[type[models.Model], Any]


def make_world(slug: str, number: int) -> World:
    """Make an organisation with a row in each table that has several references.

    Positions and priorities are the world's `number`, so that no unique constraint refuses a crossing first.
    """
    now = database_now() + timedelta(minutes=number)
    own: World = {}

    def make(model: Any, **fields: Any) -> Any:
        own[model] = model.objects.create(**fields)
        return own[model]

    of = {"organization": make(Organization, name=slug, slug=slug, time_zone="UTC", phone_region="PL")}
    key = make(ApiKey, **of, name="k", prefix=slug, secret_hash=b"x", scopes=[])
    survey = make(Survey, **of, name="s")
    mailing_list = make(MailingList, **of, name="l")
    contact = make(Contact, **of, external_id="1", email=f"a@{slug}.example")
    make(Membership, mailing_list=mailing_list, contact=contact)
    stand_in = make(ProviderAccount, **of, name="b", kind="sandbox", channel="email")
    account = make(ProviderAccount, **of, name="a", kind="sandbox", channel="email", stand_in=stand_in)
    template = make(Template, **of, name="t", channel="email")
    sends = {"provider_account": account, "template": template}
    distribution = make(
        Distribution, **of, survey=survey, mailing_list=mailing_list, api_key=key, source="test", created_at=now
    )
    reminder = {"kind": "reminder", "delay_minutes": None, "scheduled_at": now, "contact": contact}
    step = make(Step, distribution=distribution, position=number, channel="email", **sends, **reminder)
    make(StepAccount, step=step, provider_account=account, position=number)
    lane = {"lane": "urgent", "due_at": now, "size": 1}
    batch = make(Batch, organization_id=of["organization"].pk, distribution=distribution, step=step, **lane)
    recipient = make(Recipient, distribution=distribution, contact=contact, code=slug, batch=batch)
    make(Response, survey=survey, recipient=recipient, ordinal=number, answers={}, submitted_at=now)
    connection_ = make(ListConnection, mailing_list=mailing_list, survey=survey)
    make(ConnectionStep, connection=connection_, priority=number, **sends)
    make(EventEndpoint, **of, name="e", url="https://example.com", starts_at=now)
    recurring = make(
        RecurringDistribution, **of, name="r", survey=survey, mailing_list=mailing_list, cron="0 9 * * *", next_at=now
    )
    make(RecurringStep, recurring=recurring, priority=number, **sends)
    leads_to = {"mailing_list": mailing_list, "api_key": key, "distribution": distribution}
    make(FileImport, **of, **leads_to, size_bytes=1, created_at=now, due_at=now, is_running=False)
    make(
        Export, **of, kind="contacts", format="csv", columns=["id"], requested_by="x", created_at=now, expires_at=now,
        due_at=now,
    )  # fmt: skip
    make(Occurrence, recurring=recurring, distribution=distribution, occurs_at=now, decided_at=now)
    # Crossings lead to these: an occurrence and a connection of their own would be in the way.
    make(MailingList, **of, name="unconnected")
    make(Distribution, **of, survey=survey, source="test", created_at=now)
    return own


@pytest.fixture
def worlds(db: None) -> tuple[World, World]:
    return make_world("acme", 1), make_world("umbrella", 2)


def refusal(statement: str, *values: Any) -> str:
    """Return the name of the constraint that refuses a statement; "" if none does."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
            assert cursor.rowcount == 1
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except IntegrityError as error:
        cause: Any = error.__cause__
        return str(cause.diag.constraint_name)
    return ""


def boundaries_of(model: type[models.Model]) -> set[str]:
    return {
        boundary.name
        for boundary in model._meta.constraints
        if type(boundary).__module__ == KeepsOrganization.__module__
    }


def crossings(model: type[models.Model], field: Any, worlds: tuple[World, World]) -> list[str]:
    """Return what refuses an update and an insert that lead the field astray, and the same with its own reference."""
    ours, theirs = worlds
    row, foreign = ours[model], theirs[field.related_model].pk
    own = getattr(row, field.attname)
    table, column = model._meta.db_table, field.column
    its_key = " AND ".join(f"{pk_field.column}::text = %s" for pk_field in model._meta.pk_fields)
    key = [str(getattr(row, pk_field.attname)) for pk_field in model._meta.pk_fields]
    updated = f"UPDATE {table} SET {column} = %s WHERE {its_key}"
    inserted = (
        f"WITH old AS (DELETE FROM {table} WHERE {its_key} RETURNING *) INSERT INTO {table} SELECT"
        f" (jsonb_populate_record(NULL::{table}, to_jsonb(old) || jsonb_build_object('{column}', %s::text))).* FROM old"
    )
    return [
        refusal(updated, foreign, *key),
        refusal(inserted, *key, foreign),
        refusal(updated, own, *key),
        refusal(inserted, *key, own),
    ]


@pytest.mark.parametrize("model", CROSSABLE, ids=lambda model: str(model.__name__))
def test_a_reference_to_another_organisation_is_refused(model: type[models.Model], worlds: tuple[World, World]) -> None:
    connection.check_constraints()  # nothing is left to be checked of the worlds
    for field in CROSSABLE[model]:
        updated, inserted, *with_its_own = crossings(model, field, worlds)
        assert {updated, inserted} <= boundaries_of(model), field
        # With the row's own reference the same statements are accepted, so nothing else refuses them.
        assert with_its_own == ["", ""], field


def test_a_row_that_others_refer_to_keeps_its_organisation(worlds: tuple[World, World]) -> None:
    ours, theirs = worlds
    assert len(parents()) >= 7
    for model in parents():
        statement = f"UPDATE {model._meta.db_table} SET organization_id = %s WHERE id = %s"
        assert refusal(statement, theirs[Organization].pk, ours[model].pk) in boundaries_of(model), model
        assert refusal(statement, ours[Organization].pk, ours[model].pk) == "", model


def test_many_recipients_in_one_statement_are_all_compared(worlds: tuple[World, World]) -> None:
    ours, theirs = worlds
    contacts = [Contact.objects.create(organization=ours[Organization], external_id=f"n{n}") for n in range(9)]
    rows = [
        Recipient(distribution=ours[Distribution], contact=contact, code=f"c{n}", batch=ours[Batch])
        for n, contact in enumerate([*contacts, theirs[Contact]])
    ]
    with pytest.raises(IntegrityError, match="recipient_and_contact_are_of_one_organization"), transaction.atomic():
        Recipient.objects.bulk_create(rows)
    Recipient.objects.bulk_create(rows[:-1])


def test_every_plain_id_has_its_reason() -> None:
    plain = {
        f"{model._meta.label}.{field.attname}"
        for model in our_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.UUIDField | models.BigIntegerField)
        and field.attname.endswith("_id")
        and field.attname not in ("organization_id", "after_id", "last_id")
        and not field.remote_field
    }
    assert plain == PLAIN_IDS.keys()


def test_every_composite_key_is_the_only_key_of_its_column() -> None:
    for model in our_models():
        for constraint in model._meta.constraints:
            if isinstance(constraint, SameOrganizationKey):
                field: Any = model._meta.get_field(constraint.field)
                assert any(isinstance(key, OrganizationKey) for key in field.related_model._meta.constraints)
                with connection.cursor() as cursor:
                    cursor.execute(
                        "SELECT conname FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND"
                        " attnum = ANY(conkey) WHERE contype = 'f' AND conrelid = %s::regclass AND attname = %s",
                        [model._meta.db_table, field.column],
                    )
                    assert cursor.fetchall() == [(constraint.name,)]
