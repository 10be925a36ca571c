"""Retention: what an organisation keeps no longer is deleted, a bounded range of keys at a time.

Counts of distributions are columns of their own, so they stay. Nothing is deleted that an open journey needs: not while
its recipient waits, nor while its distribution is being prepared, followed up or retried.

Attempts are partitioned. A closed partition is dropped as a whole when nothing of it is kept any more
(engine/privacy/old_partitions.py), which costs no work per row. So workers leave its rows to that for a while, if no
organisation keeps much more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.db import connection

from contacts.models import Contact
from distributor.engine.consent.erase import erase_contact
from distributor.engine.infrastructure.audit import SYSTEM, record
from distributor.engine.infrastructure.chunked_job import record_progress, run_chunk, run_time_slice
from distributor.models.retention_run import RetentionRun
from distributor.partitions.catalogue import closed_below
from distributor.partitions.tables import ATTEMPTS, PartitionedTable

CHUNK: Final = 5_000
# Erasing a contact takes locks and looks through stored answers.
CONTACTS_CHUNK: Final = 50
PERIOD: Final = timedelta(days=1)
# Rows wait for their partition's end for a tenth of their organisation's days: of 365 days that is as long as a
# partition spans, and the reminders after it.
PATIENCE: Final = 1.1

_CLOSED_JOURNEY = """
    NOT EXISTS (
        SELECT FROM distributor_recipient r JOIN distributor_distribution d ON d.id = r.distribution_id
        WHERE r.id = {recipient_id} AND (r.state = 'waiting' OR d.is_preparing OR d.arming_count > 0
            OR d.running_retry_count > 0)
    )"""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of rows, read in the order of `key`. `owner` joins `row` with its organisation `o`; `at` tells its age.

    `grows_with_key` is a column that never falls as the key rises: a pass can end where it is recent. Without one, a
    row further on may be older: an attempt of a recipient who waited less, an imported response.
    """

    table: str
    key: str
    key_type: str
    at: str
    owner: str
    setting: str
    condition: str = "true"
    grows_with_key: str = "NULL::timestamptz"
    chunk: int = CHUNK
    partitions: PartitionedTable | None = None

    @property
    def expired(self) -> str:
        """Return the SQL of the rows that are kept no longer."""
        return (
            f"FROM {self.table} row {self.owner} WHERE o.{self.setting} IS NOT NULL"
            f" AND {self.at} < %(now)s - o.{self.setting} * {self._day} AND {self.condition}"
        )

    @property
    def _day(self) -> str:
        if self.partitions is None:
            return "interval '1 day'"
        return (
            f"CASE WHEN row.{self.key} < %(closed_below)s AND o.{self.setting} * {PATIENCE} >= %(longest)s"
            f" THEN {PATIENCE} ELSE 1 END * interval '1 day'"
        )


_BY_ACCOUNT = (
    "JOIN channels_provideraccount a ON a.id = row.provider_account_id"
    " JOIN contacts_organization o ON o.id = a.organization_id"
)
_BY_ORGANIZATION = "JOIN contacts_organization o ON o.id = row.organization_id"
KINDS: Final = {
    "events": Kind(
        "distributor_providerevent",
        "id",
        "bigint",
        "row.received_at",
        _BY_ACCOUNT,
        "keep_events_days",
        f"(row.recipient_id IS NULL OR {_CLOSED_JOURNEY.format(recipient_id='row.recipient_id')})",
        "row.received_at",
    ),
    # All attempts of a recipient at once: from some of them a journey would be judged wrongly.
    "attempts": Kind(
        "distributor_attempt",
        "recipient_id",
        "bigint",
        "row.ended_at",
        _BY_ACCOUNT,
        "keep_attempts_days",
        _CLOSED_JOURNEY.format(recipient_id="row.recipient_id")
        + """ AND NOT EXISTS (
        SELECT FROM distributor_attempt later WHERE later.recipient_id = row.recipient_id
            AND later.ended_at >= %(now)s - o.keep_attempts_days * interval '1 day'
    )""",
        partitions=ATTEMPTS,
    ),
    "responses": Kind(
        "distributor_response",
        "id",
        "uuid",
        "row.submitted_at",
        "JOIN distributor_survey s ON s.id = row.survey_id JOIN contacts_organization o ON o.id = s.organization_id",
        "keep_responses_days",
        f"(row.recipient_id IS NULL OR {_CLOSED_JOURNEY.format(recipient_id='row.recipient_id')})",
    ),
    "sandbox": Kind(
        "channels_sandboxmessage",
        "id",
        "bigint",
        "row.received_at",
        _BY_ORGANIZATION,
        "keep_sandbox_days",
        grows_with_key="row.received_at",
    ),
    # What is about the whole installation belongs to no organisation, and stays.
    "audit": Kind(
        "distributor_auditentry",
        "id",
        "bigint",
        "row.at",
        _BY_ORGANIZATION,
        "keep_audit_days",
        grows_with_key="row.at",
    ),
    "contacts": Kind(
        "contacts_contact",
        "id",
        "uuid",
        "row.updated_at",
        _BY_ORGANIZATION,
        "keep_contacts_days",
        """row.erased_at IS NULL AND NOT EXISTS (
        SELECT FROM distributor_recipient r WHERE r.contact_id = row.id AND (r.state = 'waiting'
            OR greatest(r.created_at, r.first_sent_at, r.first_opened_at, r.responded_at)
                >= %(now)s - o.keep_contacts_days * interval '1 day')
    )""",
        "row.created_at",
        CONTACTS_CHUNK,
    ),
}


def count_expired(now: datetime) -> dict[str, dict[str, int]]:
    """Return how many rows would be deleted (contacts: erased) now, by kind and the organisation's slug."""
    counts: dict[str, dict[str, int]] = {}
    with connection.cursor() as cursor:
        for name, kind in KINDS.items():
            statement = f"SELECT o.slug, count(*) {kind.expired} GROUP BY o.slug ORDER BY o.slug"
            cursor.execute(statement, {"now": now, **_whose_end_is_near(kind, is_patient=False)})
            counts[name] = dict(cursor.fetchall())
    return counts


def delete_due(clock: Callable[[], datetime], *, is_patient: bool = True) -> bool:
    """Delete for a moment what is kept no longer. Return whether there may be more to do.

    If it is patient, it leaves alone what will be dropped with its partition.
    """
    RetentionRun.objects.bulk_create([RetentionRun(kind=kind, due_at=clock()) for kind in KINDS], ignore_conflicts=True)
    return run_time_slice(partial(delete_next_chunk, is_patient=is_patient), clock)


def delete_next_chunk(now: datetime, *, is_patient: bool = True) -> bool:
    """Look through the next range of the kind that has waited longest. Return whether one was due."""
    due = RetentionRun.objects.filter(kind__in=KINDS, due_at__lte=now).order_by("due_at", "kind")
    return run_chunk(
        lambda: due.select_for_update(skip_locked=True).first(), lambda run: _delete_chunk(run, now, is_patient), now
    )


def _delete_chunk(run: RetentionRun, now: datetime, is_patient: bool) -> None:
    kind = KINDS[run.kind]
    last, is_over = _next_range(kind, run.after_id, now)
    if last:
        run.deleted_count += _delete_range(kind, run.after_id, last, now, is_patient)
    run.after_id = "" if is_over else last
    if is_over:
        run.finished_at = now
    record_progress(run, now + PERIOD if is_over else now, "after_id", "deleted_count", "finished_at")


def _next_range(kind: Kind, after: str, now: datetime) -> tuple[str, bool]:
    """Return the last key of the next range, and whether the pass ends with it.

    It ends at the table's end, and where the rows that follow are too young for every organisation.
    """
    statement = f"""
SELECT max(key)::text, count(*), max(born), %(now)s - interval '1 day' * (
    SELECT min({kind.setting}) FROM contacts_organization
) FROM (
    SELECT {kind.key} AS key, {kind.grows_with_key} AS born FROM {kind.table} row
    WHERE %(after)s = '' OR {kind.key} > nullif(%(after)s, '')::{kind.key_type} ORDER BY {kind.key} LIMIT %(limit)s
) range"""
    if kind.key_type == "uuid":
        statement = statement.replace("max(key)::text", "(array_agg(key ORDER BY key DESC))[1]::text")
    with connection.cursor() as cursor:
        cursor.execute(statement, {"now": now, "after": after, "limit": kind.chunk})
        last, count, youngest, newest_cutoff = cursor.fetchone()
    if not count or newest_cutoff is None:
        return "", True
    return last, count < kind.chunk or (youngest is not None and youngest >= newest_cutoff)


def _whose_end_is_near(kind: Kind, *, is_patient: bool) -> dict[str, Any]:
    """Return which rows wait until their partition is dropped: those below a key, of organisations that keep longest.

    If any organisation keeps its rows for good, none wait.
    """
    if kind.partitions is None:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT max({kind.setting}), bool_or({kind.setting} IS NULL) FROM contacts_organization")
        longest, is_one_for_good = cursor.fetchone()
    waits = is_patient and not is_one_for_good
    return {"closed_below": closed_below(kind.partitions) if waits else 0, "longest": longest or 0}


def _delete_range(kind: Kind, after: str, last: str, now: datetime, is_patient: bool) -> int:
    bounds = (
        f" AND (%(after)s = '' OR {{row}}.{kind.key} > nullif(%(after)s, '')::{kind.key_type})"
        f" AND {{row}}.{kind.key} <= %(last)s::{kind.key_type}"
    )
    parameters: dict[str, Any] = {"now": now, "after": after, "last": last}
    parameters |= _whose_end_is_near(kind, is_patient=is_patient)
    with connection.cursor() as cursor:
        if kind.table == "contacts_contact":
            cursor.execute(f"SELECT row.id {kind.expired}{bounds.format(row='row')} ORDER BY row.id", parameters)
            return sum(_erase(contact_id, now) for (contact_id,) in cursor.fetchall())
        # Without it the trigger of the audit log refuses.
        cursor.execute("SELECT set_config('distributor.retention', 'on', true)")
        cursor.execute(_statement_to_delete(kind, bounds), parameters)
        return int(cursor.rowcount)


def _statement_to_delete(kind: Kind, bounds: str) -> str:
    expired = f"{kind.expired}{bounds.format(row='row')}"
    if kind.partitions is None:
        return f"DELETE FROM {kind.table} WHERE ctid = ANY(ARRAY(SELECT row.ctid {expired}))"
    # Rows of two partitions may have the same ctid.
    return (
        f"DELETE FROM {kind.table} gone USING (SELECT row.tableoid AS partition, row.ctid AS place {expired}) expired"
        f" WHERE gone.tableoid = expired.partition AND gone.ctid = expired.place{bounds.format(row='gone')}"
    )


def _erase(contact_id: UUID, now: datetime) -> bool:
    is_erased = erase_contact(contact_id, now, is_journalled=False)  # after a restore, retention erases them again
    if is_erased:
        record(SYSTEM, "erased", Contact.objects.get(pk=contact_id))
    return is_erased
