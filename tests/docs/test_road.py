"""The road of one quick call in docs/architecture.md is the one that the code takes, in this order."""

import re
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from channels.models import ProviderAccount
from contacts.channel import Channel
from distributor import tasks
from distributor.engine.journey.attempts import attempt_id
from distributor.models import Recipient
from distributor.models.batch import Lane
from tests.api.conftest import Post, body, post
from tests.docs.test_paths import PACKAGES, find_file
from tests.support.channels.invitations import EMAIL, invitation
from tests.support.standins.sendgrid import API_KEY, Mail, SendGridStandIn

__all__ = ["body", "post"]
pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text()
ROAD = [(find_file(path), name) for path, name in re.findall(r"^\d+\. `([\w./]+):(\w+)`", PAGE, re.MULTILINE)]
OURS = tuple(f"{ROOT / package}/" for package in PACKAGES)
LONGEST_ROAD = 35  # files

Step = tuple[Path, str]


@contextmanager
def recording() -> Generator[dict[Step, None]]:
    """The functions of ours that run, in the order in which each runs first."""
    steps: dict[Step, None] = {}

    def note(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        # Not modules, class bodies and comprehensions, which run when they are defined.
        if event == "call" and code.co_filename.startswith(OURS) and not re.match(r"<|_?[A-Z]", code.co_name):
            steps.setdefault((Path(code.co_filename), code.co_name))

    sys.setprofile(note)
    try:
        yield steps
    finally:
        sys.setprofile(None)


def report_bounce(client: Client, account: ProviderAccount) -> int:
    """As SendGrid reports that the only recipient's message bounced. The status of the answer."""
    peer, now = SendGridStandIn(), time.time()
    account.kind, account.credentials = "sendgrid", {"api_key": API_KEY}
    account.configuration = {"webhookPublicKey": peer.public_key}
    account.save()
    attempt = attempt_id(Recipient.objects.get().pk, 1)
    to = invitation("ann@example.com", variant=EMAIL).to
    mail = Mail("standin-1", attempt, {"attempt_id": attempt}, to, "", {}, "", "", "", "", {"Message-ID": "<1>"}, {})
    webhook = peer.webhook([peer.event(mail, "bounce", now)], now, f"https://surveys.example/webhooks/{account.pk}")
    path = f"/webhooks/{account.pk}"
    answer = client.post(path, webhook.body, content_type="application/json", headers=dict(webhook.headers))
    return answer.status_code


def test_a_quick_call_takes_the_documented_road(
    client: Client,
    post: Post,
    body: dict[str, Any],
    accounts: dict[Channel, ProviderAccount],
    settings: LazySettings,
) -> None:
    settings.PUBLIC_BASE_URL = "https://surveys.example"
    client.get("/api/v1/surveys")  # what is imported and compiled on first use is not part of it
    with recording() as steps:
        assert post(body).status_code == 201
        tasks.dispatch(Lane.URGENT)
        assert Recipient.objects.get().outcome == "sent"
        assert report_bounce(client, accounts[Channel.EMAIL]) == 200
    assert Recipient.objects.get().outcome == "failed"
    functions = [step for step in ROAD if step[1].islower() and step[1] != "urlpatterns"]
    order = [list(steps).index((file, name)) for file, name in functions if file is not None]
    assert order == sorted(order)
    documented = {file for file, _ in ROAD}
    assert len(documented) <= LONGEST_ROAD
    files = {file for file, _ in steps}
    lines = sum(len(file.read_text().splitlines()) for file in files)
    print(f"{len(documented)} files in the list, {len(files)} with a function that runs, {lines} lines")
