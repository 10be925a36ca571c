"""What the messages of a forecast cost, by the prices of the accounts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from channels.models import ProviderAccount
from contacts.channel import Channel
from distributor.rules.requests import StepRequest


@dataclass(frozen=True, slots=True)
class StepCost:
    """The cost of a step: `units` SMS segments, or e-mail or WhatsApp messages, at the price of the first account."""

    position: int
    channel: Channel
    units: int
    unit_price: Decimal
    currency: str

    @property
    def amount(self) -> Decimal:
        return self.units * self.unit_price


def has_priced_texts(steps: Sequence[StepRequest], accounts: Sequence[ProviderAccount]) -> bool:
    """Whether segments must be counted to know the cost. `accounts` has the first account of each step."""
    return any(
        step.channel == Channel.SMS and account.unit_price is not None
        for step, account in zip(steps, accounts, strict=True)
    )


def cost_of_steps(
    steps: Sequence[StepRequest],
    accounts: Sequence[ProviderAccount],
    messages: Mapping[int, int],
    segments: Mapping[int, int],
) -> list[StepCost]:
    """Return the cost of each step whose first account has a price. Keys are positions; values count the forecast."""
    return [
        StepCost(
            position,
            Channel(step.channel),
            segments.get(position, 0) if step.channel == Channel.SMS else messages.get(position, 0),
            account.unit_price,
            account.price_currency,
        )
        for position, (step, account) in enumerate(zip(steps, accounts, strict=True))
        if account.unit_price is not None
    ]


def total_by_currency(costs: Sequence[StepCost]) -> dict[str, Decimal]:
    """Add up costs, each currency by itself."""
    totals: dict[str, Decimal] = {}
    for cost in costs:
        totals[cost.currency] = totals.get(cost.currency, Decimal(0)) + cost.amount
    return totals
