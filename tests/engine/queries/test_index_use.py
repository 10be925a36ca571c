"""Each filter of the lists reads along an index: no large table is read as a whole, and a page reads few rows."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.channel import Channel
from contacts.models import Contact, Organization
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.queries.contact_search import AllOf, AnyOf, FieldIs, SearchedField, search_contacts
from distributor.engine.queries.contacts import find_contacts, find_opted_out
from distributor.engine.queries.distributions import find_distributions
from distributor.engine.queries.page import Found, Window
from distributor.engine.queries.recipients import find_changed, find_journeys, find_recipients, find_skipped
from distributor.engine.queries.responses import read_responses
from distributor.models import Distribution, EventBundle, Recipient, Survey
from distributor.rules.journey.distribution_status import DistributionStatus
from tests.engine.conftest import Send

ROWS = 20_000
# Pages show 50. Events of a bundle, rows of joined tables and the row that tells of another page come on top.
FEW = 2_500
LARGE = {
    "contacts_contact",
    "contacts_contactchange",
    "distributor_distribution",
    "distributor_recipient",
    "distributor_decision",
    "distributor_response",
    "distributor_eventbundle",
}
# What the test does not read costs most of the time: the triggers of constraints, and the index of parts of names.
_FILL = """
SET CONSTRAINTS ALL IMMEDIATE;
DROP INDEX contacts_by_part;
INSERT INTO contacts_contact (id, organization_id, external_id, email, phone, first_name, last_name, title, locale,
    time_zone, embedded_data, created_at, updated_at)
SELECT uuidv7(make_interval(hours => n - {rows})), '{organization}', 'X-' || n, 'x' || n || '@example.com', '', '', '',
    '', '', '', '{{}}', now() + make_interval(hours => n - {rows}), now() + make_interval(hours => n - {rows})
FROM generate_series(1, {rows}) n;
SET LOCAL session_replication_role = replica;
INSERT INTO distributor_distribution ({columns}) SELECT {values}
FROM distributor_distribution d, generate_series(1, {rows}) n WHERE d.id = '{distribution}';
INSERT INTO distributor_recipient (distribution_id, contact_id, code, batch_id, state, outcome, reason, attributes,
    locale, attempt_count, created_at)
SELECT '{distribution}', c.id, 'C' || row_number() OVER (), '{batch}', 'finished', 'sent', '', '{{}}', '', 0, now()
FROM contacts_contact c WHERE c.external_id LIKE 'X-%';
INSERT INTO distributor_decision (distribution_id, contact_id, kind, reason, detail, decided_at)
SELECT '{distribution}', c.id, 'skipped', 'no_address', '{{}}', now()
FROM contacts_contact c WHERE c.external_id LIKE 'X-%';
INSERT INTO distributor_response (id, survey_id, recipient_id, locale, attributes, answers, submitted_at)
SELECT uuidv7(make_interval(hours => -(r.id % 10000)::int)), '{survey}', r.id, '', '{{}}', '{{}}', now()
FROM distributor_recipient r;
INSERT INTO distributor_eventbundle (organization_id, distribution_id, type, subject_ids, at)
SELECT '{organization}', '{distribution}', 'recipient.sent', ARRAY[r.id],
    now() - make_interval(mins => 1 + (r.id - (SELECT min(id) FROM distributor_recipient))::int)
FROM distributor_recipient r;
SET LOCAL session_replication_role = origin;
ANALYZE contacts_contact, contacts_contactchange, distributor_distribution, distributor_recipient,
    distributor_decision, distributor_response, distributor_eventbundle;
"""


@pytest.fixture
def distribution(send: Send, survey: Survey) -> Distribution:
    """A distribution, in an installation with ROWS of everything."""
    distribution = send(1, Channel.EMAIL).distribution
    columns = [str(field.column) for field in Distribution._meta.concrete_fields]
    own = {"id": "uuidv7(make_interval(hours => -n))", "created_at": "now() - make_interval(hours => n)"}
    values = [own.get(name, f"d.{name}") for name in columns]
    with connection.cursor() as cursor:
        cursor.execute(
            _FILL.format(
                rows=ROWS,
                organization=distribution.organization_id,
                distribution=distribution.pk,
                survey=survey.pk,
                batch=Recipient.objects.get().batch_id,
                columns=", ".join(columns),
                values=", ".join(values),
            )
        )
    return distribution


def window(**more: Any) -> Window:
    return Window(**{"limit": 50, "is_ascending": True, **more})


def scans(plan: dict[str, Any]) -> Iterator[tuple[str, str, int]]:
    """The table, the kind and the rows read of each scan of a plan. A partition counts as its table."""
    if "Relation Name" in plan:
        read = (
            plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Index Recheck", 0)
        )
        yield re.sub(r"_p\d+$", "", plan["Relation Name"]), plan["Node Type"], read * plan["Actual Loops"]
    for part in plan.get("Plans", ()):
        yield from scans(part)


def assert_reads_few(read: Callable[[], Found[Any]]) -> Found[Any]:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        found = read()
    for query in captured.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + query["sql"])
            [plan] = cursor.fetchone()
        for table, kind, rows in scans((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]):
            if table in LARGE:
                assert (kind == "Seq Scan", rows > FEW) == (False, False), (table, kind, rows, query["sql"])
    return found


def test_every_filter_reads_along_an_index(distribution: Distribution, organization: Organization) -> None:
    own, now = organization.pk, database_now()
    contact = Contact.objects.get(external_id="X-777")
    days = {"created_after": now - timedelta(days=40), "created_before": now - timedelta(days=30)}
    since = now - timedelta(days=7)
    Contact.objects.filter(pk=contact.pk).update(opted_out_at=now, locale="pl")
    email = FieldIs(SearchedField.EMAIL, "X777@example.com")
    by_keys = AnyOf([email, FieldIs(SearchedField.EXTERNAL_ID, "X-777"), FieldIs(SearchedField.PHONE, "+48600000001")])
    by_key_and_locale = AllOf([FieldIs(SearchedField.LOCALE, "PL"), email])
    found = {
        "contacts": assert_reads_few(lambda: find_contacts(own, window(is_ascending=False))),
        "by externalId": assert_reads_few(lambda: find_contacts(own, window(), external_id="X-777")),
        "by email": assert_reads_few(lambda: find_contacts(own, window(), email="X777@example.com")),
        "created": assert_reads_few(lambda: find_contacts(own, window(**days))),
        "changed": assert_reads_few(lambda: find_contacts(own, window(updated_after=since))),
        "searched": assert_reads_few(lambda: search_contacts(own, window(), by_keys)),
        "searched, unindexed": assert_reads_few(lambda: search_contacts(own, window(), by_key_and_locale)),
        "opted out": assert_reads_few(lambda: find_opted_out(own, window())),
        "distributions": assert_reads_few(
            lambda: find_distributions(own, window(**days), now, survey_id=distribution.survey_id)
        ),
        "status": assert_reads_few(
            lambda: find_distributions(own, window(is_ascending=False), now, status=DistributionStatus.SENDING)
        ),
        "recipients": assert_reads_few(lambda: find_recipients(distribution, window(), state="sent")),
        "of contact": assert_reads_few(lambda: find_recipients(distribution, window(), contact_ids=[contact.pk])),
        "journeys": assert_reads_few(lambda: find_journeys(own, window(), [contact.pk], state="sent")),
        "changes": assert_reads_few(lambda: find_changed(own, window(updated_after=since), state="sent")),
        "skipped": assert_reads_few(lambda: find_skipped(distribution.pk, window(), reason="no_address")),
        "responses": assert_reads_few(
            lambda: read_responses(own, window(**days), survey_id=distribution.survey_id, attributes={})
        ),
        "of person": assert_reads_few(lambda: read_responses(own, window(), attributes={}, contact_ids=[contact.pk])),
    }
    sizes = {name: len(page.rows) for name, page in found.items()}
    one = (
        *("by externalId", "by email", "searched", "searched, unindexed", "opted out"),
        *("of contact", "journeys", "of person"),
    )
    assert sizes == {name: 1 if name in one else 50 for name in found}
    assert EventBundle.objects.count() > ROWS
