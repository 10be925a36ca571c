"""What an operator sees of accounts that share messages by weight."""

import pytest
from django.test import Client
from django.utils import timezone

from channels.models import AccountScore, ProviderAccount, Template
from contacts.channel import Channel
from distributor.engine.acceptance.accept import accept
from distributor.models import Distribution, Step, Survey
from distributor.rules.requests import DistributionRequest, StepRequest
from tests.support.admin_pages import address

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(accounts: dict[Channel, ProviderAccount]) -> ProviderAccount:
    return accounts[Channel.EMAIL]


def test_the_account_shows_its_scores_by_destination(operator: Client, account: ProviderAccount) -> None:
    now = timezone.now()
    AccountScore.objects.create(
        account=account, destination="gmail.com", taken=300, refused=100, reported=250, delivered=50, decayed_at=now
    )
    AccountScore.objects.create(
        account=account, destination="", taken=3, calls=10, failed_calls=1, answered=100, seconds=50, decayed_at=now
    )
    page = operator.get(address(account, "change")).content.decode()
    assert "90 % of 10 calls worked, 0.50 s per message" in page
    assert "<td>gmail.com</td><td>75 % of 400</td><td>20 % of 250</td>" in page
    assert "<td>others</td><td>100 % of 3</td><td>not reported</td>" in page


def test_an_account_without_scores_says_so(operator: Client, account: ProviderAccount) -> None:
    assert "nothing known" in operator.get(address(account, "change")).content.decode()


def send_by(survey: Survey, template: Template, *accounts: ProviderAccount) -> Distribution:
    first, *further = [account.pk for account in accounts]
    weights = [1] * len(accounts) if further else []
    step = StepRequest("email", first, template.pk, further_account_ids=further, weights=weights)
    request = DistributionRequest("test", survey.id, [{"external_id": "ann", "email": "ann@example.com"}], [step])
    return accept(survey.organization, None, request, timezone.now()).distribution


def test_the_split_of_a_distribution_is_fixed_and_steered_again(
    operator: Client, account: ProviderAccount, survey: Survey, templates: dict[Channel, Template]
) -> None:
    second = ProviderAccount.objects.create(
        organization=account.organization, name="B", kind="sandbox", channel="email"
    )
    row = send_by(survey, templates[Channel.EMAIL], account, second)
    for action, is_fixed in (("fix_split_selected", True), ("steer_selected", False)):
        form = {"action": action, "_selected_action": [str(row.pk)]}
        page = operator.post(address(Distribution, "changelist"), form, follow=True).content.decode()
        assert ("sharing by weights alone" in page) == is_fixed
        assert Step.objects.get().has_fixed_split == is_fixed
        assert (", weight 1 (fixed)" in operator.get(address(row, "change")).content.decode()) == is_fixed


def test_a_distribution_without_weights_has_no_split_to_fix(
    operator: Client, account: ProviderAccount, survey: Survey, templates: dict[Channel, Template]
) -> None:
    row = send_by(survey, templates[Channel.EMAIL], account)
    form = {"action": "fix_split_selected", "_selected_action": [str(row.pk)]}
    page = operator.post(address(Distribution, "changelist"), form, follow=True).content.decode()
    assert "has no accounts that share by weight" in page
