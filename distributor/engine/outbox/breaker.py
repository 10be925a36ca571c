"""Tell callers when a provider account stops working, and when it works again."""

from uuid import UUID

from distributor.engine.outbox.write import NewBundle, write_bundles
from distributor.rules.event_types import EventType


def tell_breaker(organization_id: UUID, account_id: UUID, before: str, after: str) -> None:
    """Write what a change of an account's breaker means; `before` and `after` say why it is open, "" that it is not.

    In the transaction of the change. The reason is left out: a provider's words may quote a person's address.
    """
    if bool(before) != bool(after):
        kind = EventType.PROVIDER_UNREACHABLE if after else EventType.PROVIDER_MENDED
        write_bundles([NewBundle(kind, organization_id, details={"providerId": account_id})])
