"""Names are searched along the index of parts of names."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact, Organization
from distributor.engine.queries.contact_search import FieldIs, SearchedField, search_contacts
from distributor.engine.queries.page import Window


def test_a_name_is_read_along_the_index_of_parts(organization: Organization) -> None:
    wanted = Contact.objects.create(organization=organization, external_id="A", last_name="O_Brien 100%")
    Contact.objects.create(organization=organization, external_id="B", last_name="OxBrien 1000")
    with CaptureQueriesContext(connection) as captured:
        found = search_contacts(
            organization.pk, Window(10, is_ascending=False), FieldIs(SearchedField.LAST_NAME, "o_brien 100%")
        )
    assert [contact.pk for contact in found.rows] == [wanted.pk]
    [by_part] = [query["sql"] for query in captured.captured_queries if "ILIKE" in query["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {by_part}")
        plan = "\n".join(line for (line,) in cursor)
    assert "contacts_by_part" in plan
