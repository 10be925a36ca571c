"""Rows of several tables in one statement."""

import pytest
from pytest_django import DjangoAssertNumQueries

from contacts.ids import new_id
from contacts.models import MailingList, Organization
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.infrastructure.row_insert import insert_together
from distributor.models import Decision, Distribution, Survey

pytestmark = pytest.mark.django_db


def test_rows_of_several_tables_are_one_statement_and_equal_what_the_orm_would_write(
    organization: Organization, survey: Survey, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    name = 'A "name" with \\ and ’, 100 %s'
    lists = [MailingList(organization=organization, name=name), MailingList(organization=organization, name="2")]
    row = Distribution(id=new_id(), organization=organization, survey=survey, mailing_list=lists[0], source="test")
    row.created_at = database_now()
    row.throttle_minutes, row.name = None, name
    with django_assert_num_queries(1):
        insert_together(lists, [], [row])
    stored = Distribution.objects.get()
    for field in Distribution._meta.concrete_fields:
        assert getattr(stored, field.attname) == getattr(row, field.attname), field.name
    assert [each.name for each in MailingList.objects.order_by("created_at", "pk")] == [name, "2"]
    assert (row._state.adding, row._state.db) == (False, "default")
    row.name = "changed"
    row.save()
    assert Distribution.objects.get().name == "changed"


def test_without_rows_nothing_is_asked(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        insert_together([], [])


def test_rows_whose_ids_the_database_chooses_are_refused() -> None:
    with pytest.raises(TypeError, match="Decision"):
        insert_together([Decision()])
