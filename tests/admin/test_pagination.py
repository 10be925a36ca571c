"""Large tables: the queries of a page do not grow with the table."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from channels.models import ProviderAccount, Template, TemplateVariant
from contacts.api_keys import create_api_key
from contacts.channel import Channel
from contacts.models import ApiKey, Contact, MailingList, Organization, Suppression
from distributor.admin.support import pagination
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.record import record_response
from distributor.models import Distribution, Recipient, Response, Survey
from tests.admin.conftest import person, send
from tests.support.admin_pages import address

LARGE = [Contact, MailingList, Suppression, Distribution, Recipient, Response]


@pytest.mark.usefixtures("response")
@pytest.mark.parametrize("model", LARGE)
@pytest.mark.parametrize("query", [{}, {"_facets": "True"}, {"o": "3.2"}])
def test_no_page_counts_or_sorts_a_whole_table(operator: Client, model: Any, query: dict[str, str]) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert operator.get(address(model, "changelist", **query)).status_code == 200
    table = f'FROM "{model._meta.db_table}"'
    statements = [query["sql"] for query in captured.captured_queries if table in query["sql"]]
    assert statements
    for sql in statements:
        assert " LIMIT " in sql or "COUNT" not in sql
        assert "ORDER BY" not in sql or f'ORDER BY "{model._meta.db_table}"."id" DESC' in sql


@pytest.mark.parametrize("model", [*LARGE, Organization, ApiKey, ProviderAccount, Template, Survey])
def test_a_list_makes_as_many_queries_for_many_rows_as_for_few(
    operator: Client,
    organization: Organization,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
    model: Any,
) -> None:
    def add_rows(name: str) -> None:
        other = Organization.objects.create(name=name, slug=name)
        create_api_key(organization, name, ["read"])
        ProviderAccount.objects.create(organization=other, name=name, kind="sandbox", channel="sms")
        TemplateVariant.objects.create(
            template=Template.objects.create(organization=other, name=name, channel="sms"), locale="en", text="${link}"
        )
        Survey.objects.create(organization=other, name=name)
        Suppression.objects.create(organization=other, channel="sms", address="+48601234567", reason="stop")
        sent = send(survey, accounts[Channel.EMAIL], templates[Channel.EMAIL], [person(f"{name}-1"), person(name)])
        record_response(sent.recipients.earliest("pk").code, {"rating": 1}, database_now())

    def query_count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert operator.get(address(model, "changelist")).status_code == 200
        return len(captured)

    add_rows("first")
    before = query_count()
    add_rows("second")
    add_rows("third")
    assert query_count() == before


def test_the_count_stops_at_its_limit(
    operator: Client, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pagination, "COUNT_LIMIT", 250)
    Contact.objects.bulk_create(Contact(organization=organization, external_id=f"p-{number}") for number in range(249))
    page = operator.get(address(Contact, "changelist")).content.decode()
    assert "249 contacts" in page
    assert "There are more" not in page
    Contact.objects.bulk_create(Contact(organization=organization, external_id=f"q-{number}") for number in range(100))
    page = operator.get(address(Contact, "changelist")).content.decode()
    assert "250 contacts" in page
    assert "There are more" in page
    assert operator.get(address(Contact, "changelist", p=3)).context["cl"].result_list.count() == 50
