from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings

from channels.models import ProviderAccount
from channels.providers.anymail import idempotency
from contacts.channel import Channel
from distributor.engine.infrastructure.installation import find_installation
from tests.support.engine.restores import LedgerSandbox, restart_worker
from tests.support.engine.vendors import resend
from tests.support.standins.resend import ResendStandIn


@pytest.fixture(autouse=True)
def journal(db: None, tmp_path: Path, settings: LazySettings) -> Iterator[Path]:
    """The folder of a journal, and a worker that has just started."""
    settings.JOURNAL_FOLDER = str(tmp_path / "journal")
    restart_worker()
    find_installation()  # it is older than any backup; a test that commits may have deleted it
    yield tmp_path / "journal"
    restart_worker()


@pytest.fixture
def peer(accounts: dict[Channel, ProviderAccount], monkeypatch: pytest.MonkeyPatch) -> Iterator[ResendStandIn]:
    """A provider that takes idempotency keys, behind the e-mail account."""
    monkeypatch.setattr(idempotency, "PAUSE_SECONDS", 0.0)
    with resend(accounts[Channel.EMAIL]) as peer:
        yield peer


@pytest.fixture
def ledger(accounts: dict[Channel, ProviderAccount], kinds: dict[str, str]) -> Iterator[dict[str, int]]:
    """What a provider without idempotency keys has taken, by address. All accounts are with it."""
    kinds["ledger"] = f"{LedgerSandbox.__module__}.{LedgerSandbox.__name__}"
    ProviderAccount.objects.update(kind="ledger")
    LedgerSandbox.ledger.clear()
    yield LedgerSandbox.ledger
    LedgerSandbox.ledger.clear()
