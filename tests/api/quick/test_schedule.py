"""`scheduledAt`: in the past, in the future, and invalid."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from distributor.models import Batch, Distribution, Recipient
from tests.api.conftest import Post
from tests.support.api.bodies import NOTHING, faults_in, rows_written

FUTURE = "2999-03-05T09:00:00"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (f"{FUTURE}Z", datetime(2999, 3, 5, 9, tzinfo=UTC)),
        (f"{FUTURE}+02:00", datetime(2999, 3, 5, 7, tzinfo=UTC)),
        (f"{FUTURE}-05:30", datetime(2999, 3, 5, 14, 30, tzinfo=UTC)),
        (f"{FUTURE}.250Z", datetime(2999, 3, 5, 9, microsecond=250_000, tzinfo=UTC)),
        (FUTURE, datetime(2999, 3, 5, 9, tzinfo=UTC)),
        ("2999-03-05T09:00Z", datetime(2999, 3, 5, 9, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_send_in_the_future_is_scheduled(post: Post, body: dict[str, Any], text: str, meant: datetime) -> None:
    answer = post({**body, "scheduledAt": text}).json()
    assert (answer["status"], answer["recipientCount"]) == ("scheduled", 1)
    assert Distribution.objects.get().scheduled_at == meant
    assert Batch.objects.get().due_at == meant


@pytest.mark.parametrize("text", ["2020-03-05T09:00:00Z", "2020-03-05T09:00:00", "0001-01-01T00:00:00Z"])
def test_a_time_in_the_past_means_now(post: Post, body: dict[str, Any], text: str) -> None:
    assert post({**body, "scheduledAt": text}).json()["status"] == "sending"
    batch = Batch.objects.get()
    assert batch.due_at == Recipient.objects.get().created_at
    assert timezone.now() - batch.due_at < timedelta(minutes=1)


def test_the_offset_counts_for_whether_a_time_is_past(post: Post, body: dict[str, Any]) -> None:
    in_an_hour = (timezone.now() + timedelta(hours=1)).replace(tzinfo=None, microsecond=0).isoformat()
    statuses = [
        post({**body, "scheduledAt": in_an_hour + offset}).json()["status"] for offset in ("", "+02:00", "-02:00")
    ]
    assert statuses == ["scheduled", "sending", "scheduled"]


@pytest.mark.parametrize(
    "text",
    [
        "tomorrow",
        "2999-03-05",
        "29990305",
        "29990305T090000Z",
        "1772712000",
        1_772_712_000,
        "2999-13-05T09:00:00Z",
        "2999-02-29T09:00:00Z",
        "2999-03-05T24:00:01Z",
        "2999-03-05T09:00:00+24:00",
        "2999-03-05T09",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-01:00",
        "10000-01-01T00:00:00Z",
        [],
        True,
    ],
)
def test_an_invalid_time_is_refused(post: Post, body: dict[str, Any], text: Any) -> None:
    response = post({**body, "scheduledAt": text})
    assert response.status_code == 400
    assert [pointer for pointer, _code in faults_in(response)] == ["/scheduledAt"]
    assert rows_written() == NOTHING
