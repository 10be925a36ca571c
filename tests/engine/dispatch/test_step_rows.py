"""The rows of a step's context are those that the ORM reads, and nothing is asked for a second time."""

import pytest
from django.db.models import Model
from pytest_django.fixtures import DjangoAssertNumQueries

from channels.account_state.buckets import bucket_of, lock_buckets
from channels.account_state.rate_limit import Bucket
from channels.models import ProviderAccount, TemplateVariant
from distributor.engine.route.step_rows import read_distribution, read_steps, read_variants
from distributor.models import Distribution, Step
from tests.engine.conftest import Send

pytestmark = pytest.mark.django_db


def test_rows_have_the_values_that_the_orm_reads(send: Send) -> None:
    distribution_id = send(1).distribution.id
    step = Step.objects.get(distribution_id=distribution_id)
    _give_stand_in(step.provider_account)
    distribution = read_distribution(distribution_id)
    expected = Distribution.objects.get(pk=distribution_id)
    assert _values(distribution) == _values(expected)
    assert _values(distribution.survey) == _values(expected.survey)
    assert _values(distribution.organization) == _values(expected.organization)
    ((row, names_accounts),) = read_steps(distribution_id, step.id)
    assert not names_accounts
    assert _values(row) == _values(step)
    assert _values(row.template) == _values(step.template)
    assert _values(row.provider_account) == _values(ProviderAccount.objects.get(pk=step.provider_account_id))
    assert row.provider_account.stand_in is not None
    assert _values(row.provider_account.stand_in) == _values(ProviderAccount.objects.get(name="stand-in"))
    variants = TemplateVariant.objects.filter(template=step.template)
    assert [_values(variant) for variant in read_variants(step.template_id)] == [_values(each) for each in variants]


def test_paces_and_stand_ins_are_read_with_the_step(
    send: Send, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    distribution_id = send(1).distribution.id
    step = Step.objects.get(distribution_id=distribution_id)
    stand_in = _give_stand_in(step.provider_account)
    lock_buckets([stand_in.pk])
    with django_assert_num_queries(1):
        ((row, _),) = read_steps(distribution_id, step.id)
        assert bucket_of(row.provider_account) == Bucket()  # it has no row
        assert row.provider_account.stand_in is not None
        assert row.provider_account.stand_in.pace.account_id == stand_in.pk


def test_a_distribution_that_was_deleted_meanwhile_is_told(send: Send) -> None:
    with pytest.raises(Distribution.DoesNotExist):
        read_distribution(send(1).distribution.survey_id)


def _give_stand_in(account: ProviderAccount) -> ProviderAccount:
    values = _values(account) | {"name": "stand-in", "is_default": False, "credentials": {"token": "of the stand-in"}}
    del values["id"]
    stand_in = ProviderAccount.objects.create(**values)
    ProviderAccount.objects.filter(pk=account.pk).update(stand_in=stand_in)
    return stand_in


def _values(row: Model) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
