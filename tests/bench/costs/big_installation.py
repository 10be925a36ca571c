"""An installation that has run for a while: 1,000 running distributions with 5,000 recipients each, and their history.

Rows are written by SQL, as the product leaves them. Triggers are off meanwhile: the rows agree by construction.
"""

from datetime import timedelta

from django.db import connection
from django.db.models import NOT_PROVIDED, Model
from django.utils import timezone

from distributor.engine.counters.answer_times import CLASSES
from distributor.models import Attempt, Batch, Distribution, MinuteCount, Recipient, Response, Step
from tests.bench.stage.database import Stage

DISTRIBUTIONS = 1_000
EACH = 5_000
# Of each hundred recipients, by the contact's number.
SENT, FAILED, WAITING, STOPPED = 60, 3, 30, 7
HISTORY_DAYS = 90


def fill_installation(stage: Stage, contact_count: int, each: int = EACH) -> list[Distribution]:
    """Fill in distributions of `each` recipients, attempts, responses and counts. Needs that many contacts at least."""
    distributions = _make_distributions(stage, each)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "CREATE TEMP TABLE seed AS SELECT id, row_number() OVER () - 1 AS n FROM contacts_contact"
            " WHERE organization_id = %s LIMIT %s",
            [stage.organization_id, contact_count],
        )
        cursor.execute(
            "CREATE TEMP TABLE target AS SELECT b.distribution_id AS id, b.id AS batch_id, b.step_id,"
            " row_number() OVER (ORDER BY b.distribution_id) - 1 AS n FROM distributor_batch b"
            " WHERE b.distribution_id = ANY(%s)",
            [[distribution.pk for distribution in distributions]],
        )
        cursor.execute(_recipients(contact_count // each, each))
        cursor.execute(_attempts(stage))
        cursor.execute(_responses(stage))
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("DROP TABLE seed, target")
    _count(stage)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return distributions


def _make_distributions(stage: Stage, recipient_count: int) -> list[Distribution]:
    now, each = timezone.now(), recipient_count // 100
    distributions = [
        Distribution(
            organization_id=stage.organization_id,
            survey_id=stage.survey_id,
            source="native",
            name=f"Discharge week {number:04}",
            created_at=now - timedelta(hours=DISTRIBUTIONS - number),
            accepted_count=recipient_count,
            sent_count=SENT * each,
            reached_count=SENT * each,
            failed_count=FAILED * each,
            stopped_count=STOPPED * each,
            opened_count=each * 20,
            responded_count=each * 5,
        )
        for number in range(DISTRIBUTIONS)
    ]
    Distribution.objects.bulk_create(distributions)
    steps = [
        Step(
            distribution=distribution,
            position=1,
            priority=1,
            channel="email",
            provider_account_id=stage.provider_id,
            template_id=stage.template_id,
        )
        for distribution in distributions
    ]
    Step.objects.bulk_create(steps)
    Batch.objects.bulk_create(
        Batch(
            organization_id=stage.organization_id,
            distribution_id=step.distribution_id,
            step=step,
            lane="bulk",
            due_at=now + timedelta(days=1, minutes=number),
            size=WAITING * each,
        )
        for number, step in enumerate(steps)
    )
    return distributions


def _insert(model: type[Model], values: dict[str, str], source: str) -> str:
    """Return an INSERT of these SQL expressions, with the model's defaults for all other columns."""
    expressions = dict(values)
    for field in model._meta.concrete_fields:
        is_filled = field.get_internal_type() == "BigAutoField" or field.db_default is not NOT_PROVIDED
        if field.column and field.column not in expressions and not is_filled:
            expressions[field.column] = "NULL" if field.null else "''"
    columns, selected = ", ".join(f'"{name}"' for name in expressions), ", ".join(expressions.values())
    return f"INSERT INTO {model._meta.db_table} ({columns}) SELECT {selected} {source}"


def _recipients(groups: int, each: int) -> str:
    bucket = "seed.n % 100"
    values = {
        "distribution_id": "target.id",
        "contact_id": "seed.id",
        "code": "upper(lpad(to_hex(target.n * 10000000 + seed.n), 12, '0'))",
        "batch_id": "target.batch_id",
        "state": f"CASE WHEN {bucket} < {SENT + FAILED} THEN 'finished' WHEN {bucket} < {SENT + FAILED + WAITING}"
        " THEN 'waiting' ELSE 'stopped' END",
        "outcome": f"CASE WHEN {bucket} < {SENT} THEN 'sent' WHEN {bucket} < {SENT + FAILED} THEN 'failed' ELSE '' END",
        "reason": f"CASE WHEN {bucket} BETWEEN {SENT} AND {SENT + FAILED - 1} THEN 'bad_address'"
        f" WHEN {bucket} >= {SENT + FAILED + WAITING} THEN 'opted_out' ELSE '' END",
        "attributes": "'{}'",
        "attempt_count": f"CASE WHEN {bucket} < {SENT + FAILED} THEN 1 ELSE 0 END",
        "first_sent_at": f"CASE WHEN {bucket} < {SENT} THEN now() - interval '1 hour' END",
        "first_opened_at": f"CASE WHEN {bucket} < 20 THEN now() - interval '50 minutes' END",
        "responded_at": f"CASE WHEN {bucket} < 5 THEN now() - interval '40 minutes' END",
        "created_at": "now() - interval '2 hours'",
    }
    return _insert(Recipient, values, f"FROM target JOIN seed ON seed.n / {each} = target.n % {groups}")


def _attempts(stage: Stage) -> str:
    values = {
        "recipient_id": "r.id",
        "number": "1",
        "step_id": "target.step_id",
        "provider_account_id": f"'{stage.provider_id}'",
        "channel": "'email'",
        "state": "CASE r.outcome WHEN 'sent' THEN 'sent' ELSE 'failed' END",
        "code": "CASE r.outcome WHEN 'sent' THEN '250' ELSE '550' END",
        "detail": "CASE r.outcome WHEN 'sent' THEN '' ELSE '5.1.1 user unknown' END",
        "begun_at": "now() - interval '1 hour'",
        "ended_at": "now() - interval '1 hour'",
    }
    source = "FROM distributor_recipient r JOIN target ON target.id = r.distribution_id WHERE r.state = 'finished'"
    return _insert(Attempt, values, source)


def _responses(stage: Stage) -> str:
    values = {
        "id": "gen_random_uuid()",
        "survey_id": f"'{stage.survey_id}'",
        "recipient_id": "r.id",
        "attributes": "'{}'",
        "ordinal": "1",
        "answers": """'{"score": 9, "comment": "All was well."}'""",
        "submitted_at": "now() - interval '40 minutes'",
    }
    return _insert(Response, values, "FROM distributor_recipient r WHERE r.responded_at IS NOT NULL")


def _count(stage: Stage) -> None:
    """Fill in the counts: by the minute for an hour, and by the hour for 90 days."""
    now = timezone.now().replace(second=0, microsecond=0)
    minutes = [now - timedelta(minutes=number) for number in range(60)]
    hours = [now.replace(minute=0) - timedelta(hours=number) for number in range(2, HISTORY_DAYS * 24)]
    MinuteCount.objects.bulk_create(
        MinuteCount(
            organization_id=stage.organization_id,
            minute=minute,
            channel="email",
            provider_account_id=stage.provider_id,
            shard=0,
            sent=90,
            failed=2,
            delivered=80,
            opened=30,
            responded=4,
            answers=[0] * CLASSES,
        )
        for minute in [*minutes, *hours]
    )
