"""`scheduledAt`: now, later, and too late."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from distributor.models import Batch, Distribution, Recipient
from tests.api.conftest import Post
from tests.support.api.bodies import NOTHING, faults_in, rows_written

FUTURE = "2999-03-05T09:00:00"


@pytest.mark.parametrize(
    ("said", "meant"),
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
def test_a_send_for_later_is_scheduled_for_that_moment(
    post: Post, body: dict[str, Any], said: str, meant: datetime
) -> None:
    answer = post({**body, "scheduledAt": said}).json()
    assert (answer["status"], answer["recipientCount"]) == ("scheduled", 1)
    assert Distribution.objects.get().scheduled_at == meant
    assert Batch.objects.get().due_at == meant


@pytest.mark.parametrize("said", ["2020-03-05T09:00:00Z", "2020-03-05T09:00:00", "0001-01-01T00:00:00Z"])
def test_a_moment_that_has_passed_means_now(post: Post, body: dict[str, Any], said: str) -> None:
    assert post({**body, "scheduledAt": said}).json()["status"] == "sending"
    batch = Batch.objects.get()
    assert batch.due_at == Recipient.objects.get().created_at
    assert timezone.now() - batch.due_at < timedelta(minutes=1)


def test_an_offset_decides_whether_a_moment_has_passed(post: Post, body: dict[str, Any]) -> None:
    in_an_hour = (timezone.now() + timedelta(hours=1)).replace(tzinfo=None, microsecond=0).isoformat()
    statuses = [
        post({**body, "scheduledAt": in_an_hour + offset}).json()["status"] for offset in ("", "+02:00", "-02:00")
    ]
    assert statuses == ["scheduled", "sending", "scheduled"]


@pytest.mark.parametrize(
    "said",
    [
        "",
        "tomorrow",
        "2999-03-05",
        "29990305",
        "29990305T090000Z",
        "1772712000",
        1_772_712_000,
        "2999-13-05T09:00:00Z",
        "2999-02-29T09:00:00Z",
        "2999-03-05T24:00:00Z",
        "2999-03-05T09:00:00+24:00",
        "2999-03-05T09",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-01:00",
        "10000-01-01T00:00:00Z",
        [],
        True,
    ],
)
def test_what_is_no_moment_is_refused(post: Post, body: dict[str, Any], said: Any) -> None:
    response = post({**body, "scheduledAt": said})
    assert response.status_code == 400
    assert [pointer for pointer, _code in faults_in(response)] == ["/scheduledAt"]
    assert rows_written() == NOTHING
