"""The database of a run: created beside the product's own, filled, and dropped at the end."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from channels.models import ProviderAccount, Template, TemplateVariant
from contacts.api_keys import create_api_key
from contacts.channel import Channel
from contacts.ids import new_id
from contacts.models import Contact, Organization
from contacts.models.api_key import Scope
from distributor.models import Recipient, Survey
from tests.bench.models import RivalContact, RivalRecipient
from tests.bench.stage.copied_rows import CONTACT_ROWS, contact_lines
from tests.bench.stage.invitation import in_django_templates, in_our_placeholders

FILL_BLOCK = 10_000


@dataclass(frozen=True)
class Stage:
    """The ids that every call of a run names."""

    organization_id: UUID
    survey_id: UUID
    provider_id: UUID
    template_id: UUID
    django_template_id: UUID
    api_key: str
    channel: Channel = Channel.EMAIL


def set_stage() -> Stage:
    """Create an organisation with a survey, a provider that sends nothing, the invitation in both languages, and a key.

    The account and the template are the organisation's defaults, which single send needs.
    """
    organization = Organization.objects.create(name="Bench", slug="bench")
    survey = Survey.objects.create(organization=organization, name="Post-discharge")
    provider = ProviderAccount.objects.create(
        organization=organization,
        name="Nowhere",
        kind="noop",
        channel="email",
        from_email="survey@example.com",
        is_default=True,
    )
    ours = Template.objects.create(organization=organization, name="Invitation", channel="email", is_default=True)
    TemplateVariant.objects.create(template=ours, locale="en", **in_our_placeholders())
    theirs = Template.objects.create(organization=organization, name="Invitation for Django's engine", channel="email")
    TemplateVariant.objects.create(template=theirs, locale="en", **in_django_templates())
    _, key = create_api_key(organization, "bench", [Scope.SEND, Scope.READ])
    return Stage(organization.id, survey.id, provider.id, ours.id, theirs.id, key)


def fill_contacts(stage: Stage, count: int) -> None:
    """Fill in contacts 1 to `count`, once in the product's table and once in the rivals'."""
    contacts, recipients = Contact._meta.db_table, Recipient._meta.db_table
    rival_contacts, rival_recipients = RivalContact._meta.db_table, RivalRecipient._meta.db_table
    with connection.cursor() as cursor, cursor.copy(CONTACT_ROWS.statement) as copy:
        for first in range(1, count + 1, FILL_BLOCK):
            numbers = range(first, min(first + FILL_BLOCK, count + 1))
            copy.write(contact_lines([new_id() for _ in numbers], numbers, stage.organization_id, year=2025))
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {rival_contacts} (LIKE {contacts} INCLUDING ALL)")
        _make_external_id_unique_without_a_condition(cursor)
        cursor.execute(f"INSERT INTO {rival_contacts} SELECT * FROM {contacts}")
        cursor.execute(f"CREATE TABLE {rival_recipients} (LIKE {recipients} INCLUDING ALL)")
        cursor.execute("SELECT array_to_string(reloptions, ', ') FROM pg_class WHERE oid = %s::regclass", [recipients])
        cursor.execute(f"ALTER TABLE {rival_recipients} SET ({cursor.fetchone()[0]})")
        cursor.execute(
            f"ALTER TABLE {rival_recipients} ADD FOREIGN KEY (contact_id) REFERENCES {rival_contacts}"
            " DEFERRABLE INITIALLY DEFERRED"
        )
        cursor.execute("VACUUM ANALYZE")


def _make_external_id_unique_without_a_condition(cursor: Any) -> None:
    """Replace the partial index: `bulk_create(update_conflicts=True)` names only columns, which never match it.

    NULLs are distinct, so the index without the condition enforces the same.
    """
    cursor.execute(
        "SELECT indexname FROM pg_indexes WHERE tablename = %s AND indexdef LIKE %s",
        [RivalContact._meta.db_table, "%UNIQUE%external_id IS NOT NULL%"],
    )
    (name,) = cursor.fetchone()
    cursor.execute(f'DROP INDEX "{name}"')
    cursor.execute(f'CREATE UNIQUE INDEX "{name}" ON {RivalContact._meta.db_table} (organization_id, external_id)')


def settle_disk() -> None:
    """Write out what the last scenario left in memory, so that the next one does not pay for it."""
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")


def server_facts() -> dict[str, str]:
    """Return the server's version, and the settings that decide the cost of a commit."""
    names = ("server_version", "fsync", "synchronous_commit", "shared_buffers")
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"current_setting('{name}')" for name in names))
        return dict(zip(names, cursor.fetchone(), strict=True))
