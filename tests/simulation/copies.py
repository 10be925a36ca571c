"""Copies: what only the simulated providers know is how often each message really arrived at them."""

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.simulation.world import Campaign


def count_copies(campaigns: Sequence[Campaign]) -> dict[str, int]:
    """Count second and further copies that providers took, by channel, beside the duplicate risks that were counted."""
    further: Counter[str] = Counter()
    for campaign in campaigns:
        further.update(_further_copies(campaign))
    return {
        "email_copies": further["email"],
        "sms_and_whatsapp_copies": further["sms"] + further["whatsapp"],
        "duplicate_risks": sum(campaign.duplicate_risks for campaign in campaigns),
    }


def check_copies(campaigns: Sequence[Campaign]) -> Iterator[str]:
    """Yield where a text message was doubled, or an e-mail more often than the distribution's counted risks say."""
    for campaign in campaigns:
        further = _further_copies(campaign)
        for channel in ("sms", "whatsapp"):
            if further[channel]:
                yield f"{campaign.id} doubled {further[channel]} messages by {channel}"
        if further["email"] > campaign.duplicate_risks:
            yield f"{campaign.id} doubled {further['email']} e-mails and counted {campaign.duplicate_risks} risks"


def _further_copies(campaign: Campaign) -> Counter[str]:
    """Count the copies beyond the first of each step's message to each person, by channel."""
    further: Counter[str] = Counter()
    for journey in campaign.journeys:
        taken = Counter((call.step, call.channel) for call in journey.calls if call.is_taken)
        for (_, channel), count in taken.items():
            further[channel] += count - 1
    return further
