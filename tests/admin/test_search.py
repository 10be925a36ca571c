"""Searches use indexes. The tests read the query plans with sequential scans disabled."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact
from distributor.admin.support.search import find_contacts, find_recipients
from distributor.models import Distribution, Recipient


def explain(statements: list[str]) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        lines = []
        for statement in statements:
            cursor.execute(f"EXPLAIN {statement}")
            lines += [line for (line,) in cursor.fetchall()]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("anna@example.com", r"contact_by_email.*\n.*Index Cond: .*organization_id = .* AND \(lower\("),
        ("anna", r"one_contact_per_external_id.*\n.*Index Cond: .*organization_id = .* AND \(\(external_id"),
        ("+48600000001", r"contact_by_phone.*\n.*Index Cond: .*organization_id = .* AND \(\(phone"),
    ],
)
def test_contacts_are_found_by_an_index(distribution: Distribution, text: str, condition: str) -> None:
    # With only a few rows, PostgreSQL might use any index of the organisation.
    Contact.objects.bulk_create(
        Contact(
            organization_id=distribution.organization_id,
            external_id=f"P{number}",
            email=f"p{number}@example.com",
            phone=f"+4870000{number:04}",
        )
        for number in range(1_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE contacts_contact")
    Contact.objects.filter(external_id="bob").update(phone="+48600000001")
    with CaptureQueriesContext(connection) as captured:
        assert len(find_contacts(text, [distribution.organization_id])) == 1
    statements = [query["sql"] for query in captured.captured_queries if "contacts_contact" in query["sql"]]
    assert re.search(condition, explain(statements))


def test_recipients_are_found_by_an_index(anna: Recipient) -> None:
    organizations = [anna.contact.organization_id]
    with CaptureQueriesContext(connection) as captured:
        assert find_recipients(anna.code, organizations) == {anna.pk}
        assert find_recipients("anna", organizations) == {anna.pk}
    statements = [query["sql"] for query in captured.captured_queries if "distributor_recipient" in query["sql"]]
    assert len(statements) == 2
    plans = explain(statements)
    assert "one_recipient_per_code" in plans
    assert "one_recipient_per_contact_and_distribution" in plans
    assert "Seq Scan" not in plans
