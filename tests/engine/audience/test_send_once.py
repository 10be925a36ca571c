"""A form's key makes one distribution, also if it is posted several times at once."""

import pytest

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.ids import new_id
from contacts.models import Contact, Organization
from distributor.engine.audience.send_once import send_once
from distributor.engine.infrastructure.audit import SYSTEM
from distributor.engine.infrastructure.clock import database_now
from distributor.models import AuditEntry, Distribution, Recipient, Survey
from distributor.rules.requests import DistributionRequest, StepRequest
from tests.support.simultaneous import run_together


@pytest.mark.django_db(transaction=True)
def test_of_posts_at_the_same_time_one_sends(
    organization: Organization,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> None:
    step = StepRequest(Channel.EMAIL, accounts[Channel.EMAIL].pk, templates[Channel.EMAIL].pk)
    people = [{"email": f"p{number}@example.com"} for number in range(20)]
    request = DistributionRequest("control room", survey.pk, people, [step], idempotency_key=new_id())  # type: ignore[arg-type]
    results = run_together([lambda: send_once(organization, request, None, SYSTEM, database_now())] * 4)
    assert len({distribution.pk for distribution, _is_new in results}) == 1
    assert sorted(is_new for _distribution, is_new in results) == [False, False, False, True]
    counts = [model.objects.count() for model in (Distribution, Recipient, Contact, AuditEntry)]
    assert counts == [1, 20, 20, 1]
